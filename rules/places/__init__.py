"""Where an address or a city is, from tables that ship with the program: no network is asked, and no clock."""
