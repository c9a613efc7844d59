// Package images proves images, states and quotas as their users have them: real
// trees of Debian, images as registries give them, and what becomes of each when
// programs change it, fill it, race with it, or are killed.
package images
