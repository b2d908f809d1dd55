//! The texts behind the lists of flags: variables, exit codes and examples. Nothing here is read by a program.

pub(super) const ENVIRONMENT: &str = "\
Environment:
  VOLCV_API_KEY     the API key of the gateway; it is read from nowhere else and never shown
  VOLCV_BASE_URL    the gateway's base URL, where --base-url is not given
  VOLC_ACCESSKEY, VOLC_SECRETKEY, VOLC_SESSION_TOKEN
                    the access key of --direct, for temporary keys with the token; without the first two, the files
                    ~/.volc/credentials or ~/.volc/config have them; they are read from nowhere else and never shown
  VOLCV_DIRECT_URL  the service's base URL with --direct, where --base-url is not given
  VOLCV_PROXY       the proxy, where --proxy is not given; the place for one with a password
  VOLCV_CA_FILE     the certificates to trust besides, where --ca-file is not given";

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0 done                           6 no connection, TLS or timeout: nothing was bought
  2 input, usage or configuration  7 outcome unknown: it may have been paid for
  3 key or quota                   8 the reply cannot be used
  4 refused by the review          9 the task has not ended, or could not be asked for: wait for it again
  5 throttled, or the service      130 cancelled
    failed or lost the task";

pub(super) const OUTPAINT_HELP: &str = "\
Examples:
  volcv outpaint photo.jpg -o wide.png --left 0.5 --right 0.5
  volcv outpaint photo.jpg -o wide.png --aspect 16:9 --prompt 'a calm sea' --variants 4
  volcv outpaint photo.jpg -o poster.png --to 2160x3840 --anchor bottom --keep-original --max-passes 3
  volcv outpaint photo.jpg -o wide.png --pixels 300,0,300,0 --best-of 4 --contact-sheet sheet.png
  volcv outpaint padded.png -o filled.png --mask mask.png --json
  volcv outpaint photo.jpg -o wide.png --aspect 16:9 --direct --as-task
  volcv outpaint photo.jpg -o wide.png --to 1920x1080 --keep-original --ability painting-edit
  volcv outpaint photo.jpg -o wide.png --equal 0.25 --emulator   (no key, no cost, no model)";

pub(super) const PLAN_HELP: &str = "\
Examples:
  volcv plan photo.jpg --to 1920x1080 --anchor left
  volcv plan 1024x768 --to 4096x3072 --max-passes 2 --draw plan.png";

pub(super) const MASK_HELP: &str = "\
Examples:
  volcv mask photo.jpg --to 1920x1080 -o padded.png --mask-out mask.png --overlap 8
  volcv outpaint padded.png --mask mask.png -o filled.png";

pub(super) const INPAINT_HELP: &str = "\
Examples:
  volcv inpaint photo.jpg --mask mask.png -o edited.png --prompt 'a red kite'
  volcv inpaint photo.jpg --mask mask.png -o task.json --prompt 'a red kite' --submit-only";

pub(super) const ERASE_HELP: &str = "\
Examples:
  volcv erase photo.jpg --mask mask.png -o erased.png --quality H
  volcv erase photo.jpg --mask mask.png -o erased.png --variants 3 --as-task";

pub(super) const TASK_HELP: &str = "\
A task is one line of JSON. The flags --as-task and --submit-only of outpaint, inpaint and erase make tasks, too.

Examples:
  volcv task submit --body edit.json --image photo.jpg -o task.json
  volcv task get task.json
  volcv task wait task.json -o edited.png --timeout 300
  volcv task get --id 7392616336519610409 --req-key i2i_outpainting -o wide.png
  volcv task cancel task.json";

pub(super) const BATCH_HELP: &str = "\
The ledger says what is about to be bought before it is sent. Run the same command again after a crash, a kill or a
power cut: it goes on where it was, and nothing is bought twice. A call that was on its way then is `unknown`, and is
not sent again unless you say so; tasks (--ability painting-edit) are asked for again by their id, so with them nothing
is lost.

Each line of a manifest is an object with `input`, and may have `id`, `output`, `paste_back` and the names of the flags
for pictures with _ for -, such as {\"input\":\"a.jpg\",\"to\":\"1920x1080\",\"prompt\":\"a calm sea\",\"seed\":7,\"max_passes\":2}.
A folder that is called status, retry or export is given as ./status, say.

The first Ctrl-C or SIGTERM finishes what is paid for and stops; the second one cancels, and what was on its way is
unknown then.

Examples:
  volcv batch photos -o wide --aspect 16:9 --dry-run
  volcv batch photos -o wide --aspect 16:9 --concurrency 8 --rate 2 --max-cost 500
  volcv batch jobs.jsonl -o wide --contact-sheet
  volcv batch photos -o wide --equal 0.25 --emulator   (no key, no cost, no model)
  volcv batch status wide
  volcv batch retry wide --failed && volcv batch photos -o wide --aspect 16:9
  volcv batch export wide --state failed --state unknown
  VOLCV_LEDGER=postgres://user:password@host/db volcv batch photos -o wide --aspect 16:9   (on each machine)
  volcv batch photos -o wide --aspect 16:9 --shard 3/20   (without a shared database)";

pub(super) const BATCH_ENVIRONMENT: &str = "
  VOLCV_LEDGER      the ledger, where --ledger is not given; the place for one with a password";

pub(super) const BATCH_CODES: &str = "\
Exit codes:
  0 all pictures are done          10 some pictures failed
  2 input, usage, configuration    11 --max-cost is reached
    or a file                      12 the ledger is away, or the lease of the run has passed: run it again
  3 key or quota: it has stopped   130 stopped or cancelled: run it again
  4 some were refused by the review
  7 some are unknown: they may have been paid for
  9 some are in the hands of other runs";

pub(super) const CALL_HELP: &str = "\
Examples:
  echo '{\"req_key\":\"byteedit_v2.0\",\"prompt\":\"snow\",\"image_urls\":[\"https://…\"]}' | volcv call --body -
  volcv call --body edit.json --image photo.jpg --direct
  volcv call --action CVSync2AsyncGetResult --version 2022-08-31 --body task.json";

pub(super) const EMULATOR_HELP: &str = "\
A fault is `ok`, or words with commas between them; each --fault is for one coming request:
  code=N status=N retry-after=TEXT retry-after-date=SECONDS body=KIND location=URL
  delay=MS stall=STAGE for=MS trickle=BYTES/MS cut=N oversize=N length=+N|-N
  chunked close-delimited endless-headers close=STAGE reset=STAGE early=keep|close garbage
  action=call|submit|result|cancel|file (waits for such a request)
A STAGE is accept, headers, a number of request body bytes, body, reply-head or reply-body.
KINDs of error bodies: cv cv-empty-data top top-cv-code result-error gateway gateway-quota upstream-text
  upstream-object upstream-empty success-false html empty inner-status control-chars nul redirect
KINDs of other bodies: no-picture null-arrays result-success both-arrays string-picture escaped data-uri
  unpadded wrapped bom decoy gzip deep bad-utf8 empty-errors error-beside data-uri-link base64-link
  link-in-bytes padded-link url-safe url-safe-padded raw-wrapped cut-picture one-of-two-cut numbers
  lone-surrogate raw-control latin1 gbk numeric-id comment-before nul-behind text-behind two-documents

A distortion of the pictures is made of these words with commas between them:
  cast (or cast=LEVELS, 1 to 64)   a colour cast of 3 to 10 levels (0.3 to 1 times LEVELS) that varies over the
                                   picture, a gain of 0.97 to 1.02, a slight blur and noise, by the request's seed
  shift=DX/DY                      the picture moves right and down by these pixels, -256 to 256
  scale=K                          the picture comes back K times as large, 0.1 to 2

Examples:
  volcv emulator --port 8080
  volcv emulator --port 8080 --fault code=50429,retry-after=1 --fault ok --fault close=body
  volcv emulator --port 8080 --distort cast,shift=3/-2,scale=0.98
  volcv emulator --port 8080 --task-polls 2,3
  VOLCV_API_KEY=emulator-key volcv outpaint photo.jpg -o wide.png --equal 0.2 --base-url http://127.0.0.1:8080
  VOLC_ACCESSKEY=AKEMULATOR VOLC_SECRETKEY=emulator-secret-key volcv outpaint photo.jpg -o wide.png --equal 0.2 \\
    --direct --base-url http://127.0.0.1:8080";
