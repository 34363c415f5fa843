"""One logon attempt: who may, what is asked, what is decided, what it costs."""
