-- one row per attribute key and type
select signal, key, type, occurrence, "column", element, count, cardinality, example
from raw.keys
