import pytest

from biblioteca.loading.names import NameStyle, detect_style, name_of, split_authors

PNL = NameStyle(";", surname_first=True)
ONE = NameStyle("", surname_first=True)
GOODBOOKS = NameStyle(",", surname_first=False)
PIPES = NameStyle("|", surname_first=True)
HYPHENS = NameStyle("-", surname_first=False, mononyms=frozenset(("Surgana",)))


@pytest.mark.parametrize(
    ("cell", "style", "authors"),
    [
        ("Saramago, José", PNL, ["José Saramago"]),
        ("Basílio, Joana Rosa, adapt.", PNL, ["Joana Rosa Basílio"]),
        ("Flemming, Ian ; Escott, John, adapt.\xa0", PNL, ["Ian Flemming", "John Escott"]),
        (
            "Saramago, José ; Mesquita, Teresa, transc. Braille ; Andrade, Paulo, rev.",
            PNL,
            ["José Saramago"],
        ),
        ("Mãe, Valter Hugo ; Saramago, José, pref.", PNL, ["Valter Hugo Mãe"]),
        ("Esopo", PNL, ["Esopo"]),
        ("Walt Disney Enterprises", PNL, ["Walt Disney Enterprises"]),
        ("Calouan... [et al.]", PNL, ["Calouan"]),
        ("Andrade, Eugénio de, pseud.", PNL, ["Eugénio de Andrade"]),
        ("Twain, Mark, 1835-1910", ONE, ["Mark Twain"]),
        ("Machado de Assis, 1839-1908", ONE, ["Machado de Assis"]),
        (
            "BLAZE DE BURY, Marie Pauline Rose - Baroness",
            PIPES,
            ["Marie Pauline Rose Blaze de Bury"],
        ),
        ("J.K. Rowling, Mary GrandPré", GOODBOOKS, ["J.K. Rowling", "Mary GrandPré"]),
        ("J.K. Rowling-Mary GrandPré", GOODBOOKS, ["J.K. Rowling", "Mary GrandPré"]),
        ("Jean-Paul Sartre", GOODBOOKS, ["Jean-Paul Sartre"]),
        ("Francisco de Melo e Castro", ONE, ["Francisco de Melo e Castro"]),
        ("Ana Prado & João Silva", ONE, ["Ana Prado", "João Silva"]),
        ("Queirós, Eça de;Queirós, Eça de", PNL, ["Eça de Queirós"]),
        ("Simon &amp; Schuster", ONE, ["Simon & Schuster"]),
        ("Anónimo", PNL, []),
        ("N/R", PNL, []),
        ("", PNL, []),
        (" ; ", PNL, []),
        ("Conceic\u0327a\u0303o, Maria ; Conceição, Maria", PNL, ["Maria Conceição"]),
    ],
)
def test_names_are_put_in_natural_order(cell, style, authors):
    assert split_authors(cell, style) == authors


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["Basílio, Joana", "Flemming, Ian ; Escott, John, adapt."], PNL),
        (["Suzanne Collins", "J.K. Rowling, Mary GrandPré", "Harper Lee"], GOODBOOKS),
        (["Smith, Peter", "André, João Paulo"], ONE),
        (["A., A. A.", "FORBES, Walter.|BLAZE, Marie"], PIPES),
        ([], GOODBOOKS),
    ],
)
def test_the_style_is_found_out_from_the_column(cells, style):
    assert detect_style(cells) == style


# Cells of real files, as they are written there.
REAL = [
    (PIPES, "FORBES, Walter.", ["Walter Forbes"]),
    (PIPES, "A., A. A.", ["A. A. A."]),
    (PIPES, "D., N.", ["N. D."]),
    (PIPES, "CLARET DE FLEURIEU, Charles Pierre - Count", ["Charles Pierre Claret de Fleurieu"]),
    (PIPES, "BROOKES, Richard - M.D", ["Richard Brookes"]),
    (PIPES, "FRAZER, Augustus Simon - Sir, K.C.B", ["Augustus Simon Frazer"]),
    (
        PIPES,
        "JANSSEN, Hendrik Quirinus - and DALE (J. H. van)",
        ["Hendrik Quirinus Janssen", "J. H. van Dale"],
    ),
    (PIPES, "KLANKE - and RICHTER ( )", ["Klanke", "Richter"]),
    (
        PIPES,
        "CONYBEARE, William Daniel - Dean of Llandaff, and PHILLIPS (William) F.L.S",
        ["William Daniel Conybeare", "William Phillips"],
    ),
    (PIPES, "CORTE\u0301S, Hernando - Marquis del Valle de Oaxaca", ["Hernando Cortés"]),
    (
        PIPES,
        "GUE\u0301RARD, Franc\u0327ois - and BOUTINEAU (E\u0301mile)",
        ["François Guérard", "Émile Boutineau"],
    ),
    (PIPES, "HARRIES, afterwards BARON-WILSON, Margaret.", ["Margaret Harries"]),
    (PIPES, "JOHNSON, Samuel - LL.D|JOHNSON, Samuel - LL.D", ["Samuel Johnson"]),
    (
        PIPES,
        "Dymond, Charles William.|DYMOND, Robert - F.S.A|DYMOND, Robert - F.S.A",
        ["Charles William Dymond", "Robert Dymond"],
    ),
    (PIPES, "JACKSON, Helen - Illustrator", []),
    (PIPES, "Henty, G. A. (George Alfred)", ["G. A. Henty"]),
    (PIPES, "COLOMEZ - Abbé", ["Colomez"]),
    (
        PIPES,
        "CARELSEN, Geertruida - pseud. [i.e. Amy Geertruida de Leeuw.]",
        ["Geertruida Carelsen"],
    ),
    (PIPES, "Herodotus.", ["Herodotus"]),
    (PIPES, "Masaniello", ["Masaniello"]),
    (PNL, "Soares, Ana e Wong, Bárbara ", ["Ana Soares", "Bárbara Wong"]),
    (
        PNL,
        "Elliott, Ted & Rossio, Terry ; Holmes, Karen, adapt.\xa0",
        ["Ted Elliott", "Terry Rossio", "Karen Holmes"],
    ),
    (PNL, "Lawrence, D.H. ; Bassett, Jennifer, adapt.", ["D.H. Lawrence", "Jennifer Bassett"]),
    (
        PNL,
        "Nolan, William F.... [et al.] ; Burke, Kathy, adapt.",
        ["William F. Nolan", "Kathy Burke"],
    ),
    (
        PNL,
        "Sibella, Stefano (Ilustr. Alessandro Bartolozzi ; M.Agnese Mignani) (Trad. Inês)",
        ["Stefano Sibella"],
    ),
    (PNL, "Parafita, Alexandre (Ilustr. Pedro Pires)", ["Alexandre Parafita"]),
    (PNL, "Christie, Agatha (Retold by Liz Kilbey) ", ["Agatha Christie"]),
    (PNL, "Dickins, Rosie ; Langmuir, Erika, Cons.\xa0", ["Rosie Dickins"]),
    (PNL, "Costa, João Paulo Oliveira e, coord. cient.", ["João Paulo Oliveira e Costa"]),
    (
        PNL,
        "Sousa, Bernardo Vasconcelos e ; Carneiro, Roberto, dir.",
        ["Bernardo Vasconcelos e Sousa", "Roberto Carneiro"],
    ),
    (PNL, "Andrade, Eugénio de, pseud., pref.", []),
    (PNL, "Homero : Barros, João de, adapt.", ["Homero", "João de Barros"]),
    (PNL, "Dacosta, Luísa ; Valadas, Cristina, cenários", ["Luísa Dacosta"]),
    (PNL, "Fernandes, Lídia; Encarnação, José d', pref.", ["Lídia Fernandes"]),
    (PNL, "Saint-Exupéry, Antoine de ; Magalhães, Álvaro, pref.", ["Antoine de Saint-Exupéry"]),
    (PNL, "Lloyd-Jones, Sally, adapt.", ["Sally Lloyd-Jones"]),
    (PNL, "Albou-Tabart, Sylvie... [et al.]", ["Sylvie Albou-Tabart"]),
    (PNL, "Hopkins, Andy... [ et al. ]\xa0", ["Andy Hopkins"]),
    (PNL, "Anne Frank ; Gilchrist, Cherry, adapt.", ["Anne Frank", "Cherry Gilchrist"]),
    (
        PNL,
        "Stevenson, Sir Steve ; Pasqualotto, Mario",
        ["Sir Steve Stevenson", "Mario Pasqualotto"],
    ),
    (PNL, "Poole, Josephine (recontado)", ["Josephine Poole"]),
    (
        PNL,
        "Walt Disney Enterprises, ed. lit. ; Shipton, Paul, adapt.",
        ["Walt Disney Enterprises", "Paul Shipton"],
    ),
    (
        PNL,
        "VIII Concurso Literário da Trofa ; Fernandes, Sérgio, texto",
        ["VIII Concurso Literário da Trofa", "Sérgio Fernandes"],
    ),
    (
        PNL,
        "Ricart, Ignasi ; Aleixandre, Vicente ; Riu, Maria",
        ["Ignasi Ricart", "Vicente Aleixandre", "Maria Riu"],
    ),
    (PNL, "Chauvel, Pascal ; Mathivet, Éric., dir. cient.", ["Pascal Chauvel", "Éric Mathivet"]),
    (PNL, "Mclean, Alan C.", ["Alan C. Mclean"]),
    (ONE, "Assis, Machado de, 1839-1908", ["Machado de Assis"]),
    (ONE, "Assis, Ana Margarida d', pseud.", ["Ana Margarida d'Assis"]),
    (ONE, "Alcoforado, Mariana, O.S.C., 1640-1723,", ["Mariana Alcoforado"]),
    (ONE, "Aristóteles, 384-322 a.C.", ["Aristóteles"]),
    (ONE, "Banks, Rosie, 198?-", ["Rosie Banks"]),
    (ONE, "Vargas Llosa, Mário, 1936-", ["Mário Vargas Llosa"]),
    (ONE, "Alunos do Colégio Campo das Flores", ["Alunos do Colégio Campo das Flores"]),
    (ONE, "Achdé, pseud.", ["Achdé"]),
    (ONE, "Atkins, P. W.", ["P. W. Atkins"]),
    (ONE, "Aesop, 621? BCE-565? BCE", ["Aesop"]),
    (ONE, "Chrétien, de Troyes, active 12th century", ["Chrétien de Troyes"]),
    (ONE, "Sunzi, active 6th century B.C.", ["Sunzi"]),
    (ONE, "Alger, Horatio, Jr., 1832-1899", ["Horatio Alger Jr."]),
    (ONE, "Baum, L. Frank (Lyman Frank), 1856-1919", ["L. Frank Baum"]),
    (ONE, "Beerbohm, Max, Sir, 1872-1956", ["Max Beerbohm"]),
    (ONE, "Der Ling, Princess, 1886-1944", ["Der Ling"]),
    (ONE, "Duff Gordon, Lucie, Lady, 1821-1869", ["Lucie Duff Gordon"]),
    (ONE, "Craft, William, -1900", ["William Craft"]),
    (ONE, "De Presno, Odd, 1944-", ["Odd De Presno"]),
    (ONE, "Bierce, Ambrose, 1842-1914?", ["Ambrose Bierce"]),
    (ONE, "Geological Survey (U.S.)", ["Geological Survey (U.S.)"]),
    (
        ONE,
        "United States. Central Intelligence Agency",
        ["United States. Central Intelligence Agency"],
    ),
    (ONE, "Unknown", []),
    (ONE, "Eça de Queirós", ["Eça de Queirós"]),
    (GOODBOOKS, "Jonathan Swift, Robert DeMaria Jr.", ["Jonathan Swift", "Robert DeMaria Jr."]),
    (GOODBOOKS, "Arthur Conan, Sir Doyle", ["Arthur Conan Doyle"]),
    (
        GOODBOOKS,
        "Roberto Aguirre-Sacasa, Mike Perkins, Laura       Martin, Stephen King",
        ["Roberto Aguirre-Sacasa", "Mike Perkins", "Laura       Martin", "Stephen King"],
    ),
    (GOODBOOKS, "Alexandre Dumas fils, David Coward", ["Alexandre Dumas fils", "David Coward"]),
    (GOODBOOKS, "CLAMP, William Flanagan", ["CLAMP", "William Flanagan"]),
    (GOODBOOKS, "Anonymous, Joseph Smith Jr.", ["Joseph Smith Jr."]),
    (GOODBOOKS, "Better Homes and Gardens", ["Better Homes and Gardens"]),
    (GOODBOOKS, "L.M. Montgomery", ["L.M. Montgomery"]),
    (GOODBOOKS, "Jan-Philipp Sendker, Kevin Wiliarty", ["Jan-Philipp Sendker", "Kevin Wiliarty"]),
    (HYPHENS, "Plato-Harold North Fowler", ["Plato", "Harold North Fowler"]),
    (
        HYPHENS,
        "Jean-Paul Sartre-Forrest Williams-Robert Kirkpatrick",
        ["Jean-Paul Sartre", "Forrest Williams", "Robert Kirkpatrick"],
    ),
    (
        HYPHENS,
        "Richard H. King-Jean-Paul Sartre-Irving Howe",
        ["Richard H. King", "Jean-Paul Sartre", "Irving Howe"],
    ),
    (
        HYPHENS,
        "George H. Scherr-Richard Liebmann-Smith",
        ["George H. Scherr", "Richard Liebmann-Smith"],
    ),
    (HYPHENS, "Wilfred Owen-Cecil Day-Lewis", ["Wilfred Owen", "Cecil Day-Lewis"]),
    (
        HYPHENS,
        "Albert Camus-Pierre-Louis Rey-P. Morgan-E.T. Jones",
        ["Albert Camus", "Pierre-Louis Rey", "P. Morgan", "E.T. Jones"],
    ),
    (HYPHENS, "Naguib Mahfouz-Surgana-Naguib Mahfouz", ["Naguib Mahfouz", "Surgana"]),
    (HYPHENS, "Tsugumi Ohba-Tsugumi Ohba-Alexis Kirsch", ["Tsugumi Ohba", "Alexis Kirsch"]),
    (HYPHENS, "Harper Lee", ["Harper Lee"]),
    (GOODBOOKS, "JOSÉ SARAMAGO", ["José Saramago"]),
    (PNL, "SARAMAGO, JOSÉ", ["José Saramago"]),
    (PNL, "Simon &amp; Schuster ; N/D", ["Simon & Schuster"]),
]


@pytest.mark.parametrize(("style", "cell", "authors"), REAL)
def test_real_cells(style, cell, authors):
    assert split_authors(cell, style) == authors


def test_the_style_of_a_column_joined_by_hyphens_is_found_out():
    cells = ["J.K. Rowling-Mary GrandPré", "Harper Lee", "Voltaire", "Jean-Paul Sartre",
             "Dava Sobel-William J.H. Andrewes", "Ovid-Peter Green"]  # fmt: skip
    assert detect_style(cells) == NameStyle("-", False, frozenset(("Voltaire",)))


@pytest.mark.parametrize(
    ("text", "inverted", "name"),
    [
        ("Assis, Machado de", None, "Machado de Assis"),
        ("Machado de Assis", None, "Machado de Assis"),
        ("Horatio Alger, Jr.", None, "Horatio Alger Jr."),
        ("Scott, Robert N.", True, "Robert N. Scott"),
        ("Assis, Machado de", False, "Assis, Machado de"),
    ],
)
def test_one_person_by_what_is_known_about_the_order(text, inverted, name):
    assert name_of(text, inverted) == name
