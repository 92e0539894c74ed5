"""REST: an HTTP server with limits, the API without sockets, and JSON to arrays and back."""
