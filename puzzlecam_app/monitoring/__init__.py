"""What operators watch: health, metrics, request ids and logs."""
