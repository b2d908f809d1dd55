/* The part of nulls.c about the way to the service: which options go together, and that no error has a secret. */
#ifndef ACCESS_H
#define ACCESS_H

#include "inputs.h"

/* Secrets that no message may have. */
#define ACCESS_KEY "AK-canary-access"
#define SECRET_KEY "SK-canary-secret"
#define SESSION_TOKEN "ST-canary-token"

static void direct(void)
{
    fresh();
    good_client.api_key = NULL;
    good_client.access_key = ACCESS_KEY;
    good_client.secret_key = SECRET_KEY;
}

static void ways_to_the_service(void)
{
#define WAY(begin, change, code, text)                     \
    begin();                                               \
    change;                                                \
    IS(use_client_options(&good_client), code);            \
    CHECK(code == VOLCV_OK || strstr(out_error.message, text) != NULL); \
    CHECK(code == VOLCV_OK || strstr(out_error.message, "canary") == NULL)
#define REFUSED(begin, change, text) WAY(begin, change, VOLCV_E_INVALID_ARGUMENT, "volcv_client_options." text)

    WAY(direct, (void)0, VOLCV_OK, "");
    WAY(direct, good_client.session_token = SESSION_TOKEN, VOLCV_OK, "");
    WAY(direct, good_client.region = "cn-beijing", VOLCV_OK, "");
    WAY(direct, good_client.base_url = NULL, VOLCV_OK, "");
    WAY(direct, (good_client.access_key = good_client.secret_key = NULL, good_client.credentials = &credentials_hook),
        VOLCV_OK, "");
    REFUSED(fresh, good_client.api_key = NULL,
        "api_key is NULL, but must be given beside base_url, unless access_key, credentials or VOLCV_CLIENT_FIND_CREDENTIALS is");
    REFUSED(direct, good_client.api_key = "key-canary", "api_key is given beside access_key, but must be one of the two");
    REFUSED(direct, good_client.credentials = &credentials_hook, "access_key is given beside credentials");
    REFUSED(direct, good_client.flags = VOLCV_CLIENT_FIND_CREDENTIALS,
        "access_key is given beside VOLCV_CLIENT_FIND_CREDENTIALS");
    REFUSED(fresh, good_client.flags = VOLCV_CLIENT_FIND_CREDENTIALS,
        "api_key is given beside VOLCV_CLIENT_FIND_CREDENTIALS");
    REFUSED(fresh, good_client.credentials = &credentials_hook, "api_key is given beside credentials");
    REFUSED(fresh, good_client.base_url = NULL, "base_url is NULL, but must be given beside api_key");
    REFUSED(fresh, good_client.region = "cn-north-1", "region is given, but must be NULL beside api_key");
    REFUSED(fresh, good_client.secret_key = SECRET_KEY, "secret_key is given, but must be NULL without access_key");
    REFUSED(fresh, good_client.session_token = SESSION_TOKEN, "session_token is given, but must be NULL without access_key");
    REFUSED(direct, good_client.secret_key = NULL, "secret_key is NULL");
    REFUSED(direct, good_client.access_key = NULL, "api_key is NULL");
    REFUSED(direct, good_client.access_key = "canary\xC3\x28", "access_key is bytes with");
    REFUSED(direct, good_client.secret_key = "canary\xC3\x28", "secret_key is bytes with");
    REFUSED(direct, good_client.session_token = "canary\xC3\x28", "session_token is bytes with");
    REFUSED(direct, good_client.region = "\xC3\x28", "region is bytes with");
    WAY(direct, good_client.access_key = "", VOLCV_E_CONFIG, "the access key is empty");
    WAY(direct, good_client.access_key = "canary/1", VOLCV_E_CONFIG, "the access key has a slash or a comma");
    WAY(direct, good_client.secret_key = "canary\n", VOLCV_E_CONFIG, "the secret key has a character at position 6");
    WAY(direct, good_client.session_token = "", VOLCV_E_CONFIG, "the session token is empty");
    WAY(direct, good_client.region = "cn north", VOLCV_E_CONFIG, "the region is \"cn north\"");
    WAY(direct, good_client.base_url = "http://example.com", VOLCV_E_CONFIG, "");
    fresh();
    credentials_hook.get = NULL;
    IS(use_credentials_hook(&credentials_hook), VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "volcv_credentials_hook.get is NULL") != NULL);
    fresh();
    credentials_hook.reserved = room;
    IS(use_credentials_hook(&credentials_hook), VOLCV_E_INVALID_ARGUMENT);
}

#endif
