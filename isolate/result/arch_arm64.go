package result

// nativeArch is the architecture whose calls the filter knows.
const nativeArch = "aarch64"
