"""OTLP on the wire: its JSON encoding to and from Arrow."""
