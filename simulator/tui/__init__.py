"""A run on the whole screen: notes are folded into a state, the state is drawn; START in `fold`, then `page`."""
