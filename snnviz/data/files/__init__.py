"""Reading uploaded files: detecting their format, enforcing limits, and parsing them."""
