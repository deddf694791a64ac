"""What a person may be told about who looked at their data: an extract, released by hand."""
