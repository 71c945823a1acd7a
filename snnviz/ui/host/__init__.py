"""The page of whoever hosts the server: who uses it, what it does and keeps, and what they switch."""
