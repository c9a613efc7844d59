package result

// nativeArch is the architecture whose calls the filter knows.
const nativeArch = "x86_64"
