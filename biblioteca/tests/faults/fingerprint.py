"""What a catalogue holds, ids aside: ``python -m biblioteca.tests.faults.fingerprint``.

Prints one line of JSON: how many records there are, and a hash of every row of works, authors,
publishers, their order, identifiers and search words.
"""

import hashlib
import json
import os
import sys


def fingerprint() -> dict[str, object]:
    """Return counts and hash."""
    from autores.models import Autor
    from biblioteca.records.models import Identificador
    from editoras.models import Editora
    from obras.models import Autoria, Obra, ObraPalavra

    authors: dict[int, list] = {}
    identifiers: dict[int, list] = {}
    words: dict[int, list] = {}
    rows = Autoria.objects.order_by("obra_id", "posicao")
    for work, place, name in rows.values_list("obra_id", "posicao", "autor__nome"):
        authors.setdefault(work, []).append([place, name])
    for work, scheme, value in Identificador.objects.values_list("registro_id", "esquema", "valor"):
        identifiers.setdefault(work, []).append([scheme, value])
    for work, word in ObraPalavra.objects.values_list("registro_id", "palavra"):
        words.setdefault(work, []).append(word)
    works = sorted(
        json.dumps(
            [title, photo, publisher, authors.get(key), sorted(identifiers.get(key, [])),
             sorted(words.get(key, []))]
        )
        for key, title, photo, publisher in Obra.objects.values_list(
            "pk", "titulo", "foto", "editora__nome"
        )
    )  # fmt: skip
    named = [sorted(model.objects.values_list("nome", "foto")) for model in (Autor, Editora)]
    whole = json.dumps([works, *named])
    return {
        "obras": len(works),
        "autores": len(named[0]),
        "editoras": len(named[1]),
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(fingerprint()) + "\n")
