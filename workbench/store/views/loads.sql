-- one row per file that was loaded
select * from raw.loads
