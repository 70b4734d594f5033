"""`python -m deploy.cli`, for where the `taquilla` program is not on the path."""

from deploy.cli import main

main()
