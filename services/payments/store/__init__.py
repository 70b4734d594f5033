"""All SQL of the payments service, a file for each subject; accounts are in `store_accounts`."""
