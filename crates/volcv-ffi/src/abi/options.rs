//! Reads the options of clients and jobs. Every pointer comes from C, and the header
//! says what it has to be: that is what all of these functions rest on.
#![allow(unsafe_op_in_unsafe_fn, reason = "see above: another block around each line would say nothing more")]

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use super::access::access_of;
use super::constants::*;
use super::memory_structs::volcv_allocator;
use super::pixel_structs::volcv_pixels_hooks;
use super::read::{only, optional_text, read, up_to};
use super::structs::*;
use super::thread_structs::volcv_thread_hooks;
use crate::engine::{CError, HostHooks, JobOptions, LogHook, PixelsHooks, ProxyChoice, ReadyHook, Setup, ThreadHooks};
use crate::memory::HostMemory;

pub(super) unsafe fn options_of(options: *const volcv_client_options) -> Result<Setup, CError> {
    let options = read(options, "options")?;
    let level = up_to(VOLCV_LOG_DEBUG, options.log_level, "volcv_client_options.log_level")?;
    let known = VOLCV_CLIENT_ALLOW_INSECURE_HTTP | VOLCV_CLIENT_NEW_SEED;
    let known = known | VOLCV_CLIENT_PROXY_FROM_ENV | VOLCV_CLIENT_FIND_CREDENTIALS;
    only(known, options.flags, "volcv_client_options.flags")?;
    let roots = match (options.extra_roots.is_null(), options.extra_roots_size) {
        (_, 0) => Vec::new(),
        (true, _) => return Err(CError::null("volcv_client_options.extra_roots")),
        (_, size) if size > 16 << 20 => {
            return Err(CError::argument("volcv_client_options.extra_roots_size", size, "at most 16 MiB"));
        }
        (_, size) => slice::from_raw_parts(options.extra_roots.cast::<u8>(), size).to_vec(),
    };
    let host = match options.transport.is_null() {
        true => None,
        false => Some(host_of(options.transport)?),
    };
    let pixels_hooks = match options.pixels_hooks.is_null() {
        true => None,
        false => Some(pixels_hooks_of(options.pixels_hooks)?),
    };
    let threads = match options.threads.is_null() {
        true => None,
        false => Some(thread_hooks_of(options.threads)?),
    };
    let memory = match options.allocator.is_null() {
        true => None,
        false => Some(memory_of(options.allocator)?),
    };
    only(0, options.reserved, "volcv_client_options.reserved")?;
    let ms = |value: u32| (value > 0).then(|| Duration::from_millis(value.into()));
    Ok(Setup {
        base_url: optional_text(options.base_url, "volcv_client_options.base_url")?,
        access: access_of(&options)?,
        region: optional_text(options.region, "volcv_client_options.region")?,
        allow_insecure_http: options.flags & VOLCV_CLIENT_ALLOW_INSECURE_HTTP != 0,
        new_seed: options.flags & VOLCV_CLIENT_NEW_SEED != 0,
        max_in_flight: up_to(256, options.max_in_flight, "volcv_client_options.max_in_flight")? as usize,
        max_queued: up_to(65_535, options.max_queued, "volcv_client_options.max_queued")? as usize,
        connect_limit: ms(options.connect_limit_ms),
        stall_limit: ms(options.stall_limit_ms),
        attempt_limit: ms(options.attempt_limit_ms),
        deadline: ms(options.deadline_ms),
        poll_interval: ms(options.poll_interval_ms),
        reply_limit: (options.reply_limit_bytes > 0).then_some(options.reply_limit_bytes),
        max_attempts: up_to(1000, options.max_attempts, "volcv_client_options.max_attempts")?,
        charge_limit: up_to(1000, options.charge_limit, "volcv_client_options.charge_limit")?,
        tls_roots: up_to(VOLCV_TLS_ROOTS_EXTRA_ONLY, options.tls_roots, "volcv_client_options.tls_roots")?,
        extra_roots: roots,
        proxy: proxy_of(&options)?,
        host,
        log: options.log.map(|log| LogHook {
            log,
            user: options.log_user,
            level: if level == VOLCV_LOG_DEFAULT { VOLCV_LOG_WARN } else { level },
        }),
        ready: options.on_ready.map(|ready| ReadyHook { ready, user: options.on_ready_user }),
        pixels_hooks,
        threads,
        memory: memory.map(Arc::new),
    })
}

unsafe fn proxy_of(options: &volcv_client_options) -> Result<ProxyChoice, CError> {
    let from_env = options.flags & VOLCV_CLIENT_PROXY_FROM_ENV != 0;
    let given = optional_text(options.proxy, "volcv_client_options.proxy")?.map(Into::into);
    match given {
        Some(_) if from_env => {
            let flag = "given beside VOLCV_CLIENT_PROXY_FROM_ENV";
            Err(CError::argument("volcv_client_options.proxy", flag, "one of the two"))
        }
        Some(url) => Ok(ProxyChoice::Url(url)),
        None if from_env => Ok(ProxyChoice::FromEnv),
        None => Ok(ProxyChoice::None),
    }
}

unsafe fn host_of(transport: *const volcv_http_transport) -> Result<HostHooks, CError> {
    let transport = read(transport, "transport")?;
    only(0, transport.flags, "volcv_http_transport.flags")?;
    let start = transport.start.ok_or_else(|| CError::null("volcv_http_transport.start"))?;
    let cancel = transport.cancel.ok_or_else(|| CError::null("volcv_http_transport.cancel"))?;
    Ok(HostHooks { user: transport.user, start, cancel, destroy: transport.destroy })
}

unsafe fn pixels_hooks_of(hooks: *const volcv_pixels_hooks) -> Result<PixelsHooks, CError> {
    let hooks = read(hooks, "pixels_hooks")?;
    only(0, hooks.flags, "volcv_pixels_hooks.flags")?;
    let acquire = hooks.acquire.ok_or_else(|| CError::null("volcv_pixels_hooks.acquire"))?;
    let submit = hooks.submit.ok_or_else(|| CError::null("volcv_pixels_hooks.submit"))?;
    Ok(PixelsHooks { user: hooks.user, acquire, submit })
}

unsafe fn thread_hooks_of(hooks: *const volcv_thread_hooks) -> Result<ThreadHooks, CError> {
    let hooks = read(hooks, "threads")?;
    only(0, hooks.flags, "volcv_thread_hooks.flags")?;
    Ok(ThreadHooks { user: hooks.user, on_start: hooks.on_start, on_stop: hooks.on_stop })
}

unsafe fn memory_of(allocator: *const volcv_allocator) -> Result<HostMemory, CError> {
    if !cfg!(feature = "allocator") {
        let text = "this library was built without the host's memory: its feature allocator is off";
        return Err(CError::new(VOLCV_E_UNSUPPORTED, text));
    }
    let allocator = read(allocator, "allocator")?;
    only(0, allocator.flags, "volcv_allocator.flags")?;
    let alloc = allocator.alloc.ok_or_else(|| CError::null("volcv_allocator.alloc"))?;
    let free = allocator.free.ok_or_else(|| CError::null("volcv_allocator.free"))?;
    Ok(HostMemory { user: allocator.user, alloc, free })
}

pub(super) unsafe fn job_options_of(options: *const volcv_job_options) -> Result<JobOptions, CError> {
    if options.is_null() {
        return Ok(JobOptions::default());
    }
    let options = read(options, "options")?;
    only(VOLCV_JOB_DOWNLOAD, options.flags, "volcv_job_options.flags")?;
    only(0, options.reserved, "volcv_job_options.reserved")?;
    let deadline = (options.deadline_ms > 0).then(|| Duration::from_millis(options.deadline_ms.into()));
    Ok(JobOptions { user: options.user, deadline, download: options.flags & VOLCV_JOB_DOWNLOAD != 0 })
}
