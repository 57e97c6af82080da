/* SPDX-License-Identifier: MIT */
/* Visibility and attribute macros, once for all public headers. */
#ifndef COVEY_EXPORT_H
#define COVEY_EXPORT_H

/* Version of these headers; covey_version() is that of the library loaded. */
#define COVEY_VERSION_MAJOR 1
#define COVEY_VERSION_MINOR 0 /* the second of its three numbers */
#define COVEY_VERSION_PATCH 0 /* the third */
#define COVEY_VERSION "1.0.0" /* all three */

#if defined(__GNUC__) || defined(__clang__)
#define COVEY_API __attribute__((visibility("default")))
#define COVEY_NODISCARD __attribute__((warn_unused_result))
#define COVEY_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define COVEY_API
#define COVEY_NODISCARD
#define COVEY_PRINTF(format_index, first)
#endif

#ifdef __cplusplus
#define COVEY_BEGIN_DECLS extern "C" {
#define COVEY_END_DECLS }
#else
#define COVEY_BEGIN_DECLS
#define COVEY_END_DECLS
#endif

#endif
