"""Bodies of requests and responses of the REST API, a module per resource."""
