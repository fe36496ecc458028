#include "clicences.h"

// Eight bytes of alignment, so that the sections can be read in place.
_Alignas(8) static const unsigned char fingerprints[] = {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#embed "fingerprints.bin"
#pragma clang diagnostic pop
};

const unsigned char *clicences_fingerprints(void) { return fingerprints; }

unsigned long clicences_fingerprints_length(void) { return sizeof fingerprints; }
