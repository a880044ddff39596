"""What runs Voxpop: the local stack of real servers, images, manifests and units."""
