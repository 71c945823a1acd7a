"""Who uses a server: people and their roles, and what its host lets them do."""
