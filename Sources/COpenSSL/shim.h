#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// The one-shot EVP and HMAC calls allocate a context each time. A digest is taken for every
// Check, so the plain SHA-256 context is used; OpenSSL 3.0 marks it deprecated, Swift would turn
// that into an error, hence these wrappers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void tg_SHA256_Init(SHA256_CTX *context) {
    SHA256_Init(context);
}
static inline void tg_SHA256_Update(SHA256_CTX *context, const void *bytes, size_t count) {
    SHA256_Update(context, bytes, count);
}
static inline void tg_SHA256_Final(unsigned char *digest, SHA256_CTX *context) {
    SHA256_Final(digest, context);
}
#pragma GCC diagnostic pop

// Macros that call functions: Swift imports neither. Each does what its name without `tg_` does.
static inline int tg_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int tg_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline int tg_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline void tg_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_mode(context, mode);
}
static inline void tg_SSL_CTX_clear_mode(SSL_CTX *context, long mode) {
    SSL_CTX_clear_mode(context, mode);
}
static inline void tg_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}
static inline void tg_SSL_CTX_set_max_cert_list(SSL_CTX *context, long count) {
    SSL_CTX_set_max_cert_list(context, count);
}
static inline int tg_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

// Macros whose values are computed by a further macro, which Swift does not evaluate.
static inline uint64_t tg_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline uint64_t tg_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
static inline uint64_t tg_SSL_OP_NO_TICKET(void) { return SSL_OP_NO_TICKET; }
static inline uint64_t tg_SSL_OP_CIPHER_SERVER_PREFERENCE(void) {
    return SSL_OP_CIPHER_SERVER_PREFERENCE;
}

// OpenSSL's typed stacks are macros over an untyped one, and a general name is a C union; Swift
// sees neither. The pointer stays the names' own and lives as long as they do.
static inline int tg_GENERAL_NAMES_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}
static inline int tg_GENERAL_NAMES_text(const GENERAL_NAMES *names, int index, int *kind,
                                        const unsigned char **text) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *kind = name->type;
    if (name->type != GEN_DNS && name->type != GEN_URI) return 0;
    *text = ASN1_STRING_get0_data(name->d.ia5);
    return ASN1_STRING_length(name->d.ia5);
}
