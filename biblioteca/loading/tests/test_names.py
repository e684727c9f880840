import pytest

from biblioteca.loading.names import NameStyle, detect_style, split_authors

PNL = NameStyle(";", surname_first=True)
ONE = NameStyle("", surname_first=True)
GOODBOOKS = NameStyle(",", surname_first=False)
PIPES = NameStyle("|", surname_first=True)


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
