"""The texts that people read: found in templates and Python, kept in locale/, compiled without other tools."""
