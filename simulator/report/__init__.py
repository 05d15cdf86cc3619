"""A run, or two side by side, as one page of HTML that needs nothing but a browser."""
