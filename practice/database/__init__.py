"""PostgreSQL for Benang: a database backend, and an embedded server for machines that have none.

Nothing imports Django before it is needed: the settings use `secrets`, and `ENGINE = "practice.database"` loads `base`.
"""
