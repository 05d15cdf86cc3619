"""Persona cards drafted from people of a real channel who agreed; a person edits them before anybody plays them."""
