"""Types that travel between the rooms of the server and over the API."""
