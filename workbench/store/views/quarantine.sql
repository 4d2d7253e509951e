-- one row per record that could not be stored
select load_id, path, position, reason, raw from raw.quarantine
