// Volcv.cs: libvolcv for Unity and other programs in C#. Copy this file into a project that allows unsafe code.
//
// Volcv.Native is volcv.h, with the same names; a test compares every size, offset, constant and function. Volcv.Client
// has what a game needs: submit from a frame, poll in Update, read the picture.
//
// All structs are blittable, so a call converts nothing. No delegate goes to C: the game polls volcv, and no native
// thread runs managed code, which a reload of the domain would unload. Leave the fields for hooks (log, on_ready, release,
// pixels_hooks, credentials, threads, allocator and those of a transport) zero.
//
// License: MIT OR Apache-2.0.

using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Volcv
{
    /// <summary>The declarations of volcv.h, which describes each function.</summary>
    public static unsafe class Native
    {
        /// <summary>On iOS, where libraries are linked in: "__Internal".</summary>
        public const string Library = "volcv";

        private const CallingConvention C = CallingConvention.Cdecl;

        public const uint VOLCV_ABI_VERSION = 1;
        public const uint VOLCV_WAIT_FOREVER = 4294967295;
        public const uint VOLCV_REQUEST_ID_SIZE = 128;
        public const uint VOLCV_MESSAGE_SIZE = 512;
        public const uint VOLCV_EVENT_DONE = 1;

        public const uint VOLCV_CHARGE_NONE = 0;
        public const uint VOLCV_CHARGE_UNKNOWN = 1;
        public const uint VOLCV_CHARGE_CHARGED = 2;

        public const uint VOLCV_DELIVERY_NONE = 0;
        public const uint VOLCV_DELIVERY_PARTIAL = 1;
        public const uint VOLCV_DELIVERY_FULL = 2;

        public const uint VOLCV_ERROR_RETRYABLE = 1;
        public const uint VOLCV_ERROR_TASK_ENDED = 2;

        public const uint VOLCV_PHASE_QUEUED = 0;
        public const uint VOLCV_PHASE_CONNECTING = 1;
        public const uint VOLCV_PHASE_UPLOADING = 2;
        public const uint VOLCV_PHASE_WAITING = 3;
        public const uint VOLCV_PHASE_DOWNLOADING = 4;
        public const uint VOLCV_PHASE_BACKOFF = 5;
        public const uint VOLCV_PHASE_ENDED = 6;
        public const uint VOLCV_PHASE_TASK = 7;

        public const uint VOLCV_CLIENT_ALLOW_INSECURE_HTTP = 1;
        public const uint VOLCV_CLIENT_NEW_SEED = 2;
        public const uint VOLCV_CLIENT_PROXY_FROM_ENV = 4;
        public const uint VOLCV_CLIENT_FIND_CREDENTIALS = 8;

        public const uint VOLCV_TLS_ROOTS_DEFAULT = 0;
        public const uint VOLCV_TLS_ROOTS_PLATFORM = 1;
        public const uint VOLCV_TLS_ROOTS_EXTRA_ONLY = 2;

        public const uint VOLCV_LOG_DEFAULT = 0;
        public const uint VOLCV_LOG_ERROR = 1;
        public const uint VOLCV_LOG_WARN = 2;
        public const uint VOLCV_LOG_INFO = 3;
        public const uint VOLCV_LOG_DEBUG = 4;

        public const uint VOLCV_MODE_SIDES = 0;
        public const uint VOLCV_MODE_ASPECT = 1;
        public const uint VOLCV_MODE_CANVAS = 2;
        public const uint VOLCV_MODE_PIXELS = 3;
        public const uint VOLCV_MODE_TARGET = 4;
        public const uint VOLCV_MODE_PLACED = 5;

        public const uint VOLCV_OUTPAINT_RETURN_LINK = 1;
        public const uint VOLCV_OUTPAINT_STRICT = 2;
        public const uint VOLCV_OUTPAINT_SEED_ZERO = 4;
        public const uint VOLCV_OUTPAINT_PIXELS = 8;
        public const uint VOLCV_OUTPAINT_NO_PASTE = 16;
        public const uint VOLCV_OUTPAINT_KEEP_RESULT = 32;
        public const uint VOLCV_OUTPAINT_CROP = 64;
        public const uint VOLCV_OUTPAINT_SHRINK = 128;
        public const uint VOLCV_OUTPAINT_DOWNLOAD = 256;

        public const uint VOLCV_ABILITY_OUTPAINTING = 0;
        public const uint VOLCV_ABILITY_PAINTING_EDIT = 1;

        public const uint VOLCV_INPAINT_EDIT = 1;
        public const uint VOLCV_INPAINT_ERASE = 2;
        public const uint VOLCV_PAINTING_EDIT = 3;

        public const uint VOLCV_INPAINT_RETURN_LINK = 1;
        public const uint VOLCV_INPAINT_STRICT = 2;
        public const uint VOLCV_INPAINT_SEED_ZERO = 4;
        public const uint VOLCV_INPAINT_DOWNLOAD = 256;

        public const uint VOLCV_QUALITY_DEFAULT = 0;
        public const uint VOLCV_QUALITY_HIGH = 1;
        public const uint VOLCV_QUALITY_MEDIUM = 2;
        public const uint VOLCV_QUALITY_LOW = 3;

        public const uint VOLCV_ACTIONS_SYNC2ASYNC = 0;
        public const uint VOLCV_ACTIONS_PLAIN = 1;

        public const uint VOLCV_TASK_OTHER = 0;
        public const uint VOLCV_TASK_IN_QUEUE = 1;
        public const uint VOLCV_TASK_GENERATING = 2;
        public const uint VOLCV_TASK_DONE = 3;
        public const uint VOLCV_TASK_NOT_FOUND = 4;
        public const uint VOLCV_TASK_EXPIRED = 5;

        public const uint VOLCV_JOB_DOWNLOAD = 1;

        public const uint VOLCV_PROMPT_DEFAULT = 0;
        public const uint VOLCV_PROMPT_PLAIN = 1;
        public const uint VOLCV_PROMPT_CUSTOM = 2;
        public const uint VOLCV_PROMPT_BOTH = 3;

        public const uint VOLCV_PICTURE_BORROW = 1;

        public const uint VOLCV_PIXEL_RGBA8 = 0;
        public const uint VOLCV_PIXEL_BGRA8 = 1;
        public const uint VOLCV_PIXEL_RGB8 = 2;
        public const uint VOLCV_PIXEL_BGR8 = 3;
        public const uint VOLCV_PIXEL_GRAY8 = 4;

        public const uint VOLCV_PIXELS_BOTTOM_UP = 1;
        public const uint VOLCV_PIXELS_PREMULTIPLIED = 2;
        public const uint VOLCV_PIXELS_OPAQUE = 4;
        public const uint VOLCV_PIXELS_BORROW = 8;

        public const uint VOLCV_FORMAT_UNKNOWN = 0;
        public const uint VOLCV_FORMAT_PNG = 1;
        public const uint VOLCV_FORMAT_JPEG = 2;
        public const uint VOLCV_FORMAT_WEBP = 3;
        public const uint VOLCV_FORMAT_BMP = 4;
        public const uint VOLCV_FORMAT_GIF = 5;
        public const uint VOLCV_FORMAT_TIFF = 6;
        public const uint VOLCV_FORMAT_HEIF = 7;

        public const int VOLCV_OK = 0;

        public const int VOLCV_E_INTERNAL = -1;
        public const int VOLCV_E_INVALID_ARGUMENT = -2;
        public const int VOLCV_E_UNSUPPORTED = -3;
        public const int VOLCV_E_ABI_MISMATCH = -4;
        public const int VOLCV_E_STALE = -5;
        public const int VOLCV_E_BUSY = -6;
        public const int VOLCV_E_NOT_READY = -7;
        public const int VOLCV_E_TIMEOUT = -8;
        public const int VOLCV_E_INTERRUPTED = -9;
        public const int VOLCV_E_SHUTDOWN = -10;
        public const int VOLCV_E_OUT_OF_MEMORY = -11;
        public const int VOLCV_E_FORKED = -12;
        public const int VOLCV_E_REENTRANT = -13;
        public const int VOLCV_E_NO_RESULT = -14;
        public const int VOLCV_E_INVALID_INPUT = -20;
        public const int VOLCV_E_AUTH = -21;
        public const int VOLCV_E_QUOTA = -22;
        public const int VOLCV_E_THROTTLED = -23;
        public const int VOLCV_E_REFUSED = -24;
        public const int VOLCV_E_SERVICE = -25;
        public const int VOLCV_E_CONNECT = -26;
        public const int VOLCV_E_TLS = -27;
        public const int VOLCV_E_OUTCOME_UNKNOWN = -28;
        public const int VOLCV_E_DECODE = -29;
        public const int VOLCV_E_RESPONSE_TOO_LARGE = -30;
        public const int VOLCV_E_CANCELLED = -31;
        public const int VOLCV_E_CONFIG = -32;
        public const int VOLCV_E_IO = -33;
        public const int VOLCV_E_PROTOCOL = -34;

        public struct volcv_header
        {
            public byte* name, value;
        }

        public struct volcv_http_request
        {
            public uint struct_size, flags;
            public ulong body_size;
            public uint connect_limit_ms, attempt_limit_ms;
            public byte* method, url;
            public volcv_header* headers;
            public UIntPtr header_count;
        }

        public struct volcv_http_transport
        {
            public uint struct_size, flags;
            public void* user;
            public IntPtr start, cancel, destroy;
        }

        public struct volcv_client_options
        {
            public uint struct_size, flags;
            public byte* base_url, api_key;
            public uint max_in_flight, max_queued, connect_limit_ms, stall_limit_ms, attempt_limit_ms;
            public uint deadline_ms;
            public ulong reply_limit_bytes;
            public uint max_attempts, charge_limit, tls_roots, log_level;
            public void* extra_roots;
            public UIntPtr extra_roots_size;
            public volcv_http_transport* transport;
            public IntPtr log;
            public void* log_user;
            public IntPtr on_ready;
            public void* on_ready_user;
            public byte* proxy;
            public volcv_pixels_hooks* pixels_hooks;
            public volcv_credentials_hook* credentials;
            public byte* access_key, secret_key, session_token, region;
            public uint poll_interval_ms, reserved;
            public volcv_thread_hooks* threads;
            public volcv_allocator* allocator;
        }

        public struct volcv_allocator
        {
            public uint struct_size, flags;
            public void* user;
            public IntPtr alloc, free;
        }

        public struct volcv_credentials
        {
            public uint struct_size, flags;
            public long expires_unix;
            public byte* access_key, secret_key, session_token, message;
        }

        public struct volcv_credentials_hook
        {
            public uint struct_size, flags;
            public void* user;
            public IntPtr get, release;
            public void* reserved;
        }

        public struct volcv_pixels
        {
            public uint struct_size, flags, format, width, height, reserved;
            public UIntPtr stride;
            public void* data;
            public UIntPtr size;
            public IntPtr release;
            public void* release_user;
        }

        public struct volcv_thread_hooks
        {
            public uint struct_size, flags;
            public void* user;
            public IntPtr on_start, on_stop;
        }

        public struct volcv_pixels_hooks
        {
            public uint struct_size, flags;
            public void* user;
            public IntPtr acquire, submit;
        }

        public struct volcv_error
        {
            public uint struct_size;
            public int code;
            public uint charge, flags, attempts, delivery;
            public int http_status;
            public uint retry_after_ms;
            public long service_code;
            public fixed byte request_id[128];
            public fixed byte message[512];
        }

        public struct volcv_event
        {
            public uint type;
            public int result;
            public ulong job, user;
        }

        public struct volcv_picture
        {
            public uint struct_size, flags;
            public void* data;
            public UIntPtr size;
            public byte* link;
            public IntPtr release;
            public void* release_user;
        }

        public struct volcv_outpaint
        {
            public uint struct_size, flags, mode, prompt_field;
            public volcv_picture* picture, mask;
            public double left, right, top, bottom, aspect_width, aspect_height, anchor_x, anchor_y, scale, strength;
            public long seed;
            public uint steps, max_width, max_height, picture_width, picture_height, target_width, target_height;
            public int x, y;
            public uint max_passes, max_side, overlap, soft, context, feather, ability;
            public byte* prompt, extra_json;
            public volcv_pixels* pixels;
            public void* reserved_pointer;
        }

        public struct volcv_inpaint
        {
            public uint struct_size, flags, ability, quality;
            public long seed;
            public double scale, strength;
            public uint steps, dilate_size;
            public volcv_picture* picture, mask;
            public byte* prompt, extra_json;
        }

        public struct volcv_task_request
        {
            public uint struct_size, flags, actions, reserved;
            public volcv_outpaint* outpaint;
            public volcv_inpaint* inpaint;
            public volcv_raw* raw;
            public void* reserved_pointer;
        }

        public struct volcv_plan_info
        {
            public uint struct_size, calls, result_width, result_height;
            public uint original_x, original_y, original_width, original_height;
            public uint crop_x, crop_y, crop_width, crop_height, source_width, source_height;
            public uint warning_count, reserved;
            public fixed byte warnings[512];
        }

        public struct volcv_pixels_info
        {
            public uint struct_size, width, height, has_alpha, passes, charges, exact, recognised;
            public int offset_x, offset_y;
            public double ncc, seam_before, seam_after, scale;
        }

        public struct volcv_job_options
        {
            public uint struct_size, flags;
            public ulong user;
            public uint deadline_ms, reserved;
        }

        public struct volcv_raw
        {
            public uint struct_size, flags;
            public byte* action, version, json;
            public volcv_picture* pictures;
            public UIntPtr picture_count;
        }

        public struct volcv_progress
        {
            public uint struct_size, phase, attempt;
            public int result;
            public ulong sent, send_total, received, receive_total;
        }

        public struct volcv_image_info
        {
            public uint struct_size, format, width, height;
            public void* data;
            public UIntPtr size;
        }

        public struct volcv_buffer
        {
            public ulong id;
            public void* data;
            public UIntPtr size;
        }

        /// <summary>For a game that loads the library itself: one pointer to volcv_get_api is enough.</summary>
        public struct volcv_api
        {
            public uint struct_size, reserved;
            public IntPtr abi_version, version, result_name, result_is_retryable, client_create, client_destroy,
                shutdown, poll, wait, wake, outpaint_submit, outpaint_run, raw_submit, download_submit,
                inpaint_submit, task_submit, task_wait, task_status, task_cancel, job_cancel, job_progress,
                job_error, job_release, job_reply, job_task, job_task_status, job_image_count, job_image_info,
                job_image_link, job_image_take, job_rejected_count, job_rejected_take, buffer_release, plan,
                job_pixels_info, job_pixels, http_body_read, http_on_head, http_on_data, http_complete, encode,
                decode;
        }

        [DllImport(Library, CallingConvention = C)] public static extern uint volcv_abi_version();
        [DllImport(Library, CallingConvention = C)] public static extern byte* volcv_version();
        [DllImport(Library, CallingConvention = C)] public static extern byte* volcv_result_name(int result);
        [DllImport(Library, CallingConvention = C)] public static extern uint volcv_result_is_retryable(int result);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_get_api(uint abi, volcv_api* out_api);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_client_create(
            uint abi, volcv_client_options* options, IntPtr* out_client, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_client_destroy(
            IntPtr client, uint timeout_ms);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_shutdown(uint timeout_ms);
        [DllImport(Library, CallingConvention = C)] public static extern uint volcv_poll(
            IntPtr client, volcv_event* events, uint capacity);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_wait(
            IntPtr client, ulong* jobs, uint count, uint all, uint timeout_ms);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_wake(IntPtr client);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_outpaint_submit(
            IntPtr client, volcv_outpaint* request, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_outpaint_run(
            IntPtr client, volcv_outpaint* request, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_raw_submit(
            IntPtr client, volcv_raw* request, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_download_submit(
            IntPtr client, byte* link, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_inpaint_submit(
            IntPtr client, volcv_inpaint* request, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_task_submit(
            IntPtr client, volcv_task_request* request, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_task_wait(
            IntPtr client, byte* task, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_task_status(
            IntPtr client, byte* task, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_task_cancel(
            IntPtr client, byte* task, volcv_job_options* options, ulong* out_job, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_cancel(IntPtr client, ulong job);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_progress(
            IntPtr client, ulong job, volcv_progress* out_progress);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_error(
            IntPtr client, ulong job, volcv_error* out_error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_release(
            IntPtr client, ulong job);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_reply(
            IntPtr client, ulong job, byte** out_json, UIntPtr* out_size);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_task(
            IntPtr client, ulong job, byte** out_task, UIntPtr* out_size);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_task_status(
            IntPtr client, ulong job, uint* out_status);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_image_count(
            IntPtr client, ulong job, uint* out_count);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_image_info(
            IntPtr client, ulong job, uint index, volcv_image_info* out_info);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_image_link(
            IntPtr client, ulong job, uint index, byte** out_link);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_image_take(
            IntPtr client, ulong job, uint index, volcv_buffer* out_buffer);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_rejected_count(
            IntPtr client, ulong job, uint* out_count);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_rejected_take(
            IntPtr client, ulong job, uint index, volcv_buffer* out_buffer);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_plan(
            volcv_outpaint* request, uint width, uint height, volcv_plan_info* out_plan, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_encode(
            volcv_pixels* pixels, volcv_picture* marks, uint format, uint quality, volcv_buffer* out_file,
            volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_decode(
            volcv_picture* file, volcv_pixels* out_pixels, volcv_buffer* out_buffer, volcv_error* error);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_pixels_info(
            IntPtr client, ulong job, uint index, volcv_pixels_info* out_info);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_job_pixels(
            IntPtr client, ulong job, uint index, volcv_pixels* into);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_buffer_release(volcv_buffer* buffer);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_http_body_read(
            IntPtr client, ulong exchange, void* buffer, UIntPtr capacity, UIntPtr* out_size);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_http_on_head(
            IntPtr client, ulong exchange, int status, volcv_header* headers, UIntPtr count);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_http_on_data(
            IntPtr client, ulong exchange, void* data, UIntPtr size);
        [DllImport(Library, CallingConvention = C)] public static extern int volcv_http_complete(
            IntPtr client, ulong exchange, int result, byte* reason);
    }

    /// <summary>A call failed. A job that fails does not throw: see Client.Error.</summary>
    public sealed unsafe class VolcvException : Exception
    {
        public readonly int Result;

        public VolcvException(Native.volcv_error error) : base(Client.Message(error))
        {
            Result = error.code;
        }
    }

    /// <summary>A client. Any thread may use it; only Wait and Dispose block.</summary>
    public sealed unsafe class Client : IDisposable
    {
        private IntPtr handle;

        /// <summary>The proxy is as in volcv_client_options::proxy.</summary>
        public Client(string baseUrl, string apiKey, string proxy = null)
        {
            fixed (byte* url = Utf8(baseUrl, "baseUrl"), key = Utf8(apiKey, "apiKey"), way = Utf8(proxy, "proxy"))
                Create(new Native.volcv_client_options { base_url = url, api_key = key, proxy = way });
        }

        private Client()
        {
        }

        /// <summary>A client for direct access. An access key does not belong into a game that is given away.</summary>
        public static Client Direct(
            string accessKey, string secretKey, string sessionToken = null, string region = null, string baseUrl = null)
        {
            var client = new Client();
            fixed (byte* key = Utf8(accessKey, "accessKey"), secret = Utf8(secretKey, "secretKey"))
            fixed (byte* token = Utf8(sessionToken, "sessionToken"), place = Utf8(region, "region"))
            fixed (byte* url = Utf8(baseUrl, "baseUrl"))
            {
                var options = new Native.volcv_client_options { access_key = key, secret_key = secret };
                options.session_token = token;
                options.region = place;
                options.base_url = url;
                client.Create(options);
            }
            return client;
        }

        private void Create(Native.volcv_client_options options)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            options.struct_size = (uint)sizeof(Native.volcv_client_options);
            fixed (IntPtr* client = &handle)
                if (Native.volcv_client_create(Native.VOLCV_ABI_VERSION, &options, client, &error) != Native.VOLCV_OK)
                    throw new VolcvException(error);
        }

        /// <summary>
        /// Queues an outpainting and returns its job, which the caller releases. The request may be default; this method
        /// sets its picture and prompt, which volcv copies. The event has the same user.
        /// </summary>
        public ulong Submit(byte[] picture, Native.volcv_outpaint request, string prompt = null, ulong user = 0)
        {
            if (picture == null) throw new ArgumentNullException("picture");
            fixed (byte* bytes = picture)
            {
                var photo = new Native.volcv_picture { struct_size = (uint)sizeof(Native.volcv_picture) };
                photo.data = bytes;
                photo.size = (UIntPtr)picture.Length;
                request.picture = &photo;
                return Submit(request, prompt, user);
            }
        }

        /// <summary>
        /// Queues an outpainting of a texture, with the rules of the other Submit. volcv copies the pixels, unless they
        /// have VOLCV_PIXELS_BORROW: then they stay untouched until the job has ended. The result are pixels too, see
        /// CopyPixels.
        /// </summary>
        public ulong Submit(
            Native.volcv_pixels texture, Native.volcv_outpaint request, string prompt = null, ulong user = 0)
        {
            request.pixels = &texture;
            return Submit(request, prompt, user);
        }

        private ulong Submit(Native.volcv_outpaint request, string prompt, ulong user)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var options = new Native.volcv_job_options { struct_size = (uint)sizeof(Native.volcv_job_options) };
            options.user = user;
            fixed (byte* text = Utf8(prompt, "prompt"))
            {
                request.struct_size = (uint)sizeof(Native.volcv_outpaint);
                request.prompt = text;
                ulong job;
                if (Native.volcv_outpaint_submit(handle, &request, &options, &job, &error) != Native.VOLCV_OK)
                    throw new VolcvException(error);
                return job;
            }
        }

        /// <summary>
        /// Queues an inpainting, whose ability is VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE or VOLCV_PAINTING_EDIT, with the
        /// rules of Submit. The mask has the size of the picture, white where to paint or erase.
        /// </summary>
        public ulong Inpaint(
            byte[] picture, byte[] mask, Native.volcv_inpaint request, string prompt = null, ulong user = 0)
        {
            return Inpaint(picture, mask, request, prompt, user, false);
        }

        /// <summary>
        /// Submits an inpainting as a task. The job ends as soon as the service has accepted it: see Task and WaitTask.
        /// </summary>
        public ulong SubmitTask(
            byte[] picture, byte[] mask, Native.volcv_inpaint request, string prompt = null, ulong user = 0)
        {
            return Inpaint(picture, mask, request, prompt, user, true);
        }

        private ulong Inpaint(
            byte[] picture, byte[] mask, Native.volcv_inpaint request, string prompt, ulong user, bool asTask)
        {
            if (picture == null) throw new ArgumentNullException("picture");
            if (mask == null) throw new ArgumentNullException("mask");
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var options = new Native.volcv_job_options { struct_size = (uint)sizeof(Native.volcv_job_options) };
            options.user = user;
            fixed (byte* bytes = picture, white = mask, text = Utf8(prompt, "prompt"))
            {
                var photo = new Native.volcv_picture { struct_size = (uint)sizeof(Native.volcv_picture) };
                var where = photo;
                photo.data = bytes;
                photo.size = (UIntPtr)picture.Length;
                where.data = white;
                where.size = (UIntPtr)mask.Length;
                request.struct_size = (uint)sizeof(Native.volcv_inpaint);
                request.picture = &photo;
                request.mask = &where;
                request.prompt = text;
                var task = new Native.volcv_task_request { struct_size = (uint)sizeof(Native.volcv_task_request) };
                task.inpaint = &request;
                ulong job;
                var result = asTask
                    ? Native.volcv_task_submit(handle, &task, &options, &job, &error)
                    : Native.volcv_inpaint_submit(handle, &request, &options, &job, &error);
                if (result != Native.VOLCV_OK) throw new VolcvException(error);
                return job;
            }
        }

        /// <summary>
        /// Submits an outpainting as a task. The job ends as soon as the service has accepted it: see Task and WaitTask.
        /// </summary>
        public ulong SubmitTask(byte[] picture, Native.volcv_outpaint request, string prompt = null, ulong user = 0)
        {
            if (picture == null) throw new ArgumentNullException("picture");
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var options = new Native.volcv_job_options { struct_size = (uint)sizeof(Native.volcv_job_options) };
            options.user = user;
            fixed (byte* bytes = picture, text = Utf8(prompt, "prompt"))
            {
                var photo = new Native.volcv_picture { struct_size = (uint)sizeof(Native.volcv_picture) };
                photo.data = bytes;
                photo.size = (UIntPtr)picture.Length;
                request.struct_size = (uint)sizeof(Native.volcv_outpaint);
                request.picture = &photo;
                request.prompt = text;
                var task = new Native.volcv_task_request { struct_size = (uint)sizeof(Native.volcv_task_request) };
                task.outpaint = &request;
                ulong job;
                if (Native.volcv_task_submit(handle, &task, &options, &job, &error) != Native.VOLCV_OK)
                    throw new VolcvException(error);
                return job;
            }
        }

        /// <summary>
        /// The task of a job, as soon as the service has accepted it; null before that, and if there is none. Save it:
        /// WaitTask takes it, in another run of the game too.
        /// </summary>
        public string Task(ulong job)
        {
            byte* text;
            UIntPtr size;
            if (Native.volcv_job_task(handle, job, &text, &size) != Native.VOLCV_OK) return null;
            return Encoding.UTF8.GetString(text, (int)size);
        }

        /// <summary>Queues the wait for the result of a task, with the rules and the events of Submit.</summary>
        public ulong WaitTask(string task, ulong user = 0)
        {
            return OfTask(Native.volcv_task_wait, task, Native.VOLCV_JOB_DOWNLOAD, user);
        }

        /// <summary>Queues the question how far a task is: see TaskStatus.</summary>
        public ulong AskTask(string task, ulong user = 0)
        {
            return OfTask(Native.volcv_task_status, task, Native.VOLCV_JOB_DOWNLOAD, user);
        }

        /// <summary>A VOLCV_TASK_ number, for a job of AskTask that has ended; 0 if there is none.</summary>
        public uint TaskStatus(ulong job)
        {
            uint status;
            Native.volcv_job_task_status(handle, job, &status);
            return status;
        }

        /// <summary>Queues the demand that the service gives a task up.</summary>
        public ulong CancelTask(string task, ulong user = 0)
        {
            return OfTask(Native.volcv_task_cancel, task, 0, user);
        }

        private unsafe delegate int TaskFunction(
            IntPtr client, byte* task, Native.volcv_job_options* options, ulong* job, Native.volcv_error* error);

        private ulong OfTask(TaskFunction function, string task, uint flags, ulong user)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var options = new Native.volcv_job_options { struct_size = (uint)sizeof(Native.volcv_job_options) };
            options.user = user;
            options.flags = flags;
            fixed (byte* text = Utf8(task, "task"))
            {
                ulong job;
                if (function(handle, text, &options, &job, &error) != Native.VOLCV_OK) throw new VolcvException(error);
                return job;
            }
        }

        /// <summary>Pixels in rows without gaps. The bottom row is the first, as in a texture of Unity.</summary>
        public static Native.volcv_pixels Pixels(void* data, long size, int width, int height, uint format)
        {
            var pixels = new Native.volcv_pixels { struct_size = (uint)sizeof(Native.volcv_pixels) };
            pixels.flags = Native.VOLCV_PIXELS_BOTTOM_UP;
            pixels.format = format;
            pixels.width = (uint)width;
            pixels.height = (uint)height;
            pixels.data = data;
            pixels.size = (UIntPtr)size;
            return pixels;
        }

        /// <summary>What an outpainting of a texture of this size would do and cost; nothing is sent.</summary>
        public static Native.volcv_plan_info Plan(Native.volcv_outpaint request, int width, int height)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var plan = new Native.volcv_plan_info { struct_size = (uint)sizeof(Native.volcv_plan_info) };
            request.struct_size = (uint)sizeof(Native.volcv_outpaint);
            if (Native.volcv_plan(&request, (uint)width, (uint)height, &plan, &error) != Native.VOLCV_OK)
                throw new VolcvException(error);
            return plan;
        }

        /// <summary>The size of the finished pixels, and how well they fit; all zero if there are none.</summary>
        public Native.volcv_pixels_info PixelsInfo(ulong job)
        {
            var info = new Native.volcv_pixels_info { struct_size = (uint)sizeof(Native.volcv_pixels_info) };
            Native.volcv_job_pixels_info(handle, job, 0, &info);
            return info;
        }

        /// <summary>
        /// Copies the finished pixels, 1 to 3 ms for a million; false if there are none or they do not fit.
        /// </summary>
        public bool CopyPixels(ulong job, Native.volcv_pixels into)
        {
            return Native.volcv_job_pixels(handle, job, 0, &into) == Native.VOLCV_OK;
        }

        /// <summary>
        /// Queues the download of a picture from a link of an earlier job, with the rules and the events of Submit.
        /// </summary>
        public ulong Download(string link, ulong user = 0)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            var options = new Native.volcv_job_options { struct_size = (uint)sizeof(Native.volcv_job_options) };
            options.user = user;
            fixed (byte* text = Utf8(link, "link"))
            {
                ulong job;
                if (Native.volcv_download_submit(handle, text, &options, &job, &error) != Native.VOLCV_OK)
                    throw new VolcvException(error);
                return job;
            }
        }

        /// <summary>The next event, if there is one. Call it in a loop in every frame: it allocates nothing.</summary>
        public bool Poll(out Native.volcv_event next)
        {
            fixed (Native.volcv_event* place = &next) return Native.volcv_poll(handle, place, 1) == 1;
        }

        /// <summary>Waits until there is an event to poll; false if the time passed. It blocks: do not call it in a frame.</summary>
        public bool Wait(uint milliseconds)
        {
            return Native.volcv_wait(handle, null, 0, 0, milliseconds) == Native.VOLCV_OK;
        }

        /// <summary>The progress of a job; all zero if there is no such job.</summary>
        public Native.volcv_progress Progress(ulong job)
        {
            var progress = new Native.volcv_progress { struct_size = (uint)sizeof(Native.volcv_progress) };
            Native.volcv_job_progress(handle, job, &progress);
            return progress;
        }

        /// <summary>How a job ended: charge, whether to retry, and text for Message(); warnings after a success.</summary>
        public Native.volcv_error Error(ulong job)
        {
            var error = new Native.volcv_error { struct_size = (uint)sizeof(Native.volcv_error) };
            Native.volcv_job_error(handle, job, &error);
            return error;
        }

        /// <summary>The file of a picture, as for ImageConversion.LoadImage; null if there is none.</summary>
        public byte[] Image(ulong job, uint index, out uint width, out uint height)
        {
            var info = new Native.volcv_image_info { struct_size = (uint)sizeof(Native.volcv_image_info) };
            Native.volcv_job_image_info(handle, job, index, &info);
            width = info.width;
            height = info.height;
            if (info.data == null) return null;
            var bytes = new byte[(int)info.size];
            Marshal.Copy((IntPtr)info.data, bytes, 0, bytes.Length);
            return bytes;
        }

        /// <summary>The link to a picture, where one was asked for; null if there is none.</summary>
        public string Link(ulong job, uint index)
        {
            byte* link;
            Native.volcv_job_image_link(handle, job, index, &link);
            if (link == null) return null;
            var length = 0;
            while (link[length] != 0) ++length;
            return Encoding.UTF8.GetString(link, length);
        }

        /// <summary>
        /// The bytes of a picture that was paid for but failed a check; null if there is none. The job no longer has them
        /// afterwards. Save them: they may still be of use.
        /// </summary>
        public byte[] TakeRejected(ulong job, uint index)
        {
            Native.volcv_buffer buffer;
            if (Native.volcv_job_rejected_take(handle, job, index, &buffer) != Native.VOLCV_OK) return null;
            var bytes = new byte[(int)buffer.size];
            Marshal.Copy((IntPtr)buffer.data, bytes, 0, bytes.Length);
            Native.volcv_buffer_release(&buffer);
            return bytes;
        }

        /// <summary>Asks a job to end soon. It ends with an event, like every job.</summary>
        public void Cancel(ulong job)
        {
            Native.volcv_job_cancel(handle, job);
        }

        /// <summary>Frees a job and its pictures; a job that still runs is cancelled.</summary>
        public void Release(ulong job)
        {
            Native.volcv_job_release(handle, job);
        }

        /// <summary>Cancels all jobs and ends all threads. Later calls do nothing.</summary>
        public void Dispose()
        {
            Native.volcv_client_destroy(handle, 2000);
            handle = IntPtr.Zero;
        }

        /// <summary>The text of an error, in one line.</summary>
        public static string Message(Native.volcv_error error)
        {
            var length = 0;
            while (error.message[length] != 0) ++length;
            return Encoding.UTF8.GetString(error.message, length);
        }

        /// <summary>A text for C, which would end at the first NUL; null stays null.</summary>
        private static byte[] Utf8(string text, string name)
        {
            if (text == null) return null;
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("a text with a NUL in it", name);
            return Encoding.UTF8.GetBytes(text + "\0");
        }
    }
}
