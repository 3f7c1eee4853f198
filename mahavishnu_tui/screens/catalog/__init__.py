"""Lists that are asked for, on screens of their own: deployments, problems, limits; and Prefect itself."""
