// CVectorscan: the distribution's Vectorscan (libvectorscan-dev), as Swift sees it.
#ifndef CUPEL_CVECTORSCAN_H
#define CUPEL_CVECTORSCAN_H
#include <hs.h>
#endif
