"""Storage: tables, the writer thread, migrations."""
