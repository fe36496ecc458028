// CArchive: the distribution's libarchive (libarchive-dev), as Swift sees it.
#ifndef CUPEL_CARCHIVE_H
#define CUPEL_CARCHIVE_H
#include <archive.h>
#include <archive_entry.h>
#endif
