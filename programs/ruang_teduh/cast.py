"""Who plays a part in the demo: the people one can be. Their names and addresses are invented."""

from dataclasses import dataclass

from practice.people.models import Role

HOST = "ruangteduh.example"


@dataclass(frozen=True)
class Member:
    """One of the cast. Counselors are described in `counselors`, clients have a story in `stories`."""

    who: str
    name: str
    role: Role
    time_zone: str = "Asia/Jakarta"

    @property
    def email(self) -> str:
        return f"{self.who}@{HOST}"


CLIENTS = [
    Member("rina", "Rina Maharani", Role.CLIENT),
    Member("budi", "Budi Santoso", Role.CLIENT),
    Member("sari", "Sari Handayani", Role.CLIENT, "Asia/Jayapura"),
]
COUNSELORS = [
    Member("ayu", "Ayu Pratiwi", Role.COUNSELOR),
    Member("daeng", "Daeng Rahmat", Role.COUNSELOR, "Asia/Makassar"),
]
OFFICE = [
    Member("ratna", "Ratna Kusumawardani", Role.SUPERVISOR),
    Member("dewi", "Dewi Anggraini", Role.FRONT_DESK),
    Member("bagus", "Bagus Wirawan", Role.MANAGER),
    Member("nadia", "Nadia Safitri", Role.DATA_OFFICER),
]
CO_SIGNED = {COUNSELORS[1].email}  # whose notes the supervisor signs with them
CAST = [*CLIENTS, *COUNSELORS, *OFFICE]
