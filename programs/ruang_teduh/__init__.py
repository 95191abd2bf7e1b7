"""The demo practice *Ruang Teduh*: invented people, places and meetings, made by `manage.py seed_demo`."""
