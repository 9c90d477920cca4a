"""What the product knows and decides; it never sees a request or a socket."""
