"""The names that snippets of run files import; only what they may use of them exists here."""
