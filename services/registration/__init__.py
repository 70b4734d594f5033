"""Registration: who has a seat, and who may pay for one."""
