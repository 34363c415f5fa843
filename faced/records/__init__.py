"""What an official has to answer for: audit events and the records made from them."""
