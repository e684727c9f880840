"""Reading a file to its end and counting what came of it."""

from collections import Counter

from django.utils import translation

from biblioteca.loading.cleaning import clean
from biblioteca.loading.reading import ReadingOptions, open_reading
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import UnreadableFileError


def cleaned(path, **options):
    """Return every record and fault of a file, cleaned; messages are in English."""
    with translation.override("en"), open_reading(path, ReadingOptions(**options)) as reading:
        return [
            item if isinstance(item, Fault) else clean(item, reading.style)
            for item in reading.records()
        ]


def raw(path, **options):
    """Return every record and fault of a file as the readers give them."""
    with translation.override("en"), open_reading(path, ReadingOptions(**options)) as reading:
        return list(reading.records())


def refusal(path, **options):
    """Return why a file is refused, "" when it is not."""
    with translation.override("en"):
        try:
            with open_reading(path, ReadingOptions(**options)):
                return ""
        except UnreadableFileError as error:
            return str(error)


def summary(path):
    """Return what a committed expectation says of a file."""
    refused = refusal(path)
    if refused:
        return {"refused": refused.partition(": ")[2]}
    with translation.override("en"), open_reading(path, ReadingOptions()) as reading:
        read, records, reasons, warnings = 0, [], Counter(), 0
        for item in reading.records():
            read += 1
            found = clean(item, reading.style) if isinstance(item, RawRecord) else item
            if isinstance(found, Fault):
                reasons[found.reason] += 1
            else:
                records.append(found)
                warnings += bool(found.warnings)
        assert reading.sha256
        return {
            "format": reading.format,
            "read": read,
            "cleaned": len(records),
            "faults": dict(sorted(reasons.items())),
            "with_warnings": warnings,
            "titles": len({record.text for record in records}),
            "authors": len({author.name for record in records for author in record.authors
                            if author.name}),
            "author_keys": len({author.key for record in records for author in record.authors
                                if author.key}),
            "publishers": len({record.publisher.name for record in records if record.publisher}),
            "without_publisher": sum(record.publisher is None for record in records),
            "without_authors": sum(not record.authors for record in records),
            "with_picture": sum(bool(record.photo) for record in records),
            "with_isbn": sum(
                any(scheme == "isbn" for scheme, _value in record.identifiers)
                for record in records
            ),
        }  # fmt: skip
