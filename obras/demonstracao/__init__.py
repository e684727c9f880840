"""The demonstration catalogue: works in the public domain, with generated pictures.

Titles, authors and first or early publishers are facts; where the publisher is not known for
certain the cell is empty. The pictures are drawn by :mod:`obras.demonstracao.covers`.
"""
