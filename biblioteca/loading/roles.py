"""What words beside a name mean: what somebody did, titles of honour, dates, stand-ins."""

import re

from biblioteca.records.text import words

# Who did these did not write the work.
OTHER_ROLES = frozenset((
    "il", "ilust", "ilustr", "ilustrador", "ilustradora", "ilustracao", "ilustracoes", "trad",
    "traducao", "tradutor", "tradutora", "transl", "translator", "translated", "illustrator",
    "illustrated", "pref", "prefacio", "prefaciador", "posf", "posfacio", "introd", "intr", "int",
    "apres", "apresentacao", "rev", "revis", "revisao", "revisor", "transc", "transcr",
    "transcricao", "trans", "prod", "producao", "narr", "narrador", "narrator", "voz", "locucao",
    "interp", "mus", "music", "musica", "compos", "fot", "fotogr", "fotografia", "fotografo",
    "design", "designer", "capa", "leg", "legend", "legendagem", "orient", "consult", "cons",
    "paginacao", "graf", "cenarios", "gloss", "declam", "arranjo", "desenho", "desenhos",
    "engraver", "engravings", "printer", "publisher", "cover", "foreword", "introduction",
    "afterword", "preface", "ill", "trl", "aui", "nrt", "traductor", "traductora", "ilustraciones",
))  # fmt: skip
# These are said of an author and are no part of the name.
AUTHOR_ROLES = frozenset((
    "pseud", "pseudonimo", "heteron", "heteronimo", "adapt", "adaptacao", "adaptador", "org",
    "orgs", "organizador", "organizadora", "coord", "coordenador", "dir", "ed", "edit", "compil",
    "comp", "colab", "recolha", "reconto", "recont", "sel", "seleccao", "selecao", "anot",
    "coment", "conc", "texto", "textos", "ant", "des", "arg", "rec", "autor", "autora", "aut",
    "author", "editor", "mapas", "entrev", "et", "versao", "atribuido", "letra", "letras",
    "libreto", "col", "escritor", "escritora", "joint", "coautor", "creator", "creador",
))  # fmt: skip
NOBODY = frozenset((
    "anonimo", "anonima", "anonymous", "anonyme", "anon", "unknown", "unknown_author",
    "desconhecido", "desconhecida", "autor_desconhecido", "varios", "varias", "various",
    "various_authors", "vv_aa", "vvaa", "aa_vv", "varios_autores", "autores_varios", "n_r", "n_d",
    "n_a", "s_n", "s_a", "sem_autor", "na", "null", "none", "nan", "not_available",
    "nao_identificado", "no_author", "author_unknown", "s_autor",
))  # fmt: skip
NO_PUBLISHER = frozenset((
    "n_r", "n_d", "n_a", "s_n", "s_e", "s_l", "s_n_s_l", "s_l_s_n", "sine_nomine", "sem_editora",
    "unknown", "unknown_publisher", "desconhecida", "desconhecido", "editora", "na", "null", "none",
    "nan", "not_identified", "publisher_not_identified", "nao_identificada", "nao_identificado",
    "editora_nao_identificada", "editor_nao_identificado", "publisher_unknown", "not_available",
    "no_publisher", "s_editora", "editor_no_identificado", "editorial_no_identificada",
    "editeur_non_identifie", "editorial_no_identificado", "editor_desconocido",
    "editorial_desconocida",
))  # fmt: skip
HONOUR = (
    "Sir|Dame|Lord|Lady|Baroness|Baron|Count|Countess|Earl|Viscount|Viscountess|Duke|Duchess|"
    "Marquis|Marquess|Prince|Princess|Mrs|Mr|Miss|Ms|Dr|Dra|Prof|Rev|Reverend|Saint|Frei|Padre|"
    "Dom|Dona|Don|Doña|Visconde|Viscondessa|Conde|Condessa|Barão|Baronesa|Marquês|Marquesa|Duque|"
    "Duquesa|Captain|Colonel|General|Major|Abbé|Cardinal|Bishop|Archbishop|Pope"
)
# A title of honour that stands by itself, as in "Doyle, Arthur Conan, Sir".
HONORIFIC = re.compile(rf"(?:{HONOUR}|(?:[A-Z]\.){{2,}})\.?")
# One that precedes a surname, as in "Sir Doyle" after "Arthur Conan,".
BEFORE_SURNAME = re.compile(r"(?:Sir|Dame|Lord|Lady)\s+(\S+)")
SUFFIX = re.compile(r"(?:Jr|Sr|Jnr|Snr|Júnior|Filho|Neto|Sobrinho|II|III|IV|M\.?D|Ph\.?D|Esq)\.?")
DATE_WORDS = frozenset((
    "active", "fl", "ca", "c", "circa", "b", "d", "born", "died", "n", "m", "nasc", "century",
    "cent", "sec", "seculo", "approximately", "approx", "or", "ou", "between", "and", "a", "bc",
    "bce", "ad", "ce", "th", "st", "nd", "rd", "e", "after", "before", "jan", "feb", "mar", "apr",
    "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "atica", "ativo", "i", "ii", "iii",
    "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii",
    "xviii", "xix", "xx", "xxi",
))  # fmt: skip
YEAR = re.compile(r"\d{1,4}|\d{1,2}(?:th|st|nd|rd)")
NUMERAL = re.compile(r"[IVX]{2,}\.?")


def is_date(part: str) -> bool:
    """Tell ``1839-1908``, ``active 12th century``, ``384-322 a.C.`` from names."""
    if not any(character.isdigit() for character in part):
        folded = words(part)
        return bool(folded) and folded[-1] in ("century", "cent", "bc", "bce") and len(folded) > 1
    return all(word in DATE_WORDS or YEAR.fullmatch(word) for word in words(part))


def is_nobody(name: str, written: str = "") -> bool:
    """Tell stand-ins for a missing author from names; ``D., N.`` has initials, and is somebody."""
    found = words(name)
    if "," in written and found and all(len(word) == 1 for word in found):
        return False
    return not found or "_".join(found) in NOBODY
