//! The binding for Unity: compiled, run on mono, and held against the header.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use volcv_emulator::Emulator;

use super::{PHOTO, emulator, failed, size_of};
use crate::c::header::Header;
use crate::c::{Build, STRICT, fresh_folder, library, program, ran, root};

/// The example, compiled.
fn csharp(folder: &Path) -> PathBuf {
    with_binding(&folder.join("outpaint.exe"), &root().join("examples/unity/Program.cs"))
}

/// A program in C# with the binding, compiled without a warning.
fn with_binding(exe: &Path, source: &Path) -> PathBuf {
    let mut mcs = Command::new("mcs");
    mcs.args(["-unsafe", "-warn:4", "-warnaserror"]).arg(format!("-out:{}", exe.display()));
    ran(mcs.arg(root().join("examples/unity/Volcv.cs")).arg(source));
    exe.to_owned()
}

fn mono(exe: &Path, emulator: &Emulator) -> Command {
    let mut command = program("mono", emulator);
    command.env("LD_LIBRARY_PATH", library(Build::Full)).arg(exe);
    command
}

#[test]
fn the_binding_for_unity_outpaints() {
    let folder = fresh_folder("unity-program");
    let (exe, out) = (csharp(&folder), folder.join("wide.png"));
    let said = ran(mono(&exe, &emulator(&[])).arg(PHOTO).arg(&out));
    assert!(said.starts_with(&format!("{}: 1920x640, sent ", out.display())), "{said}");
    assert_eq!(size_of(&out), (1920, 640));
    let said = failed(mono(&exe, &emulator(&["close=body"])).arg(PHOTO).arg(&out)).stderr;
    assert!(String::from_utf8(said).unwrap().contains("may have been charged"));
    let said = failed(mono(&exe, &emulator(&[])).env("VOLCV_BASE_URL", "no url").arg(PHOTO).arg(&out)).stderr;
    assert!(String::from_utf8(said).unwrap().contains("base url"));
}

#[test]
fn the_binding_for_unity_refuses_what_c_would_misread() {
    let folder = fresh_folder("unity-misuse");
    let source = r#"using System;
using Volcv;
public static class Misuse
{
    private static void Refused(Type type, string name, Action call)
    {
        try { call(); }
        catch (ArgumentException error)
        {
            if (error.GetType() == type && error.ParamName == name) return;
            throw;
        }
        throw new Exception(name + " was accepted");
    }

    public static void Main()
    {
        Refused(typeof(ArgumentException), "baseUrl", () => new Client("http://127.0.0.1:1\0", "key"));
        Refused(typeof(ArgumentException), "apiKey", () => new Client("http://127.0.0.1:1", "k\0y"));
        Refused(typeof(ArgumentException), "proxy", () => new Client("http://127.0.0.1:1", "key", "p\0"));
        using (var client = new Client("http://127.0.0.1:1", "key"))
        {
            var request = new Native.volcv_outpaint { left = 0.5 };
            Refused(typeof(ArgumentNullException), "picture", () => client.Submit(null, request));
            Refused(typeof(ArgumentException), "prompt", () => client.Submit(new byte[1], request, "a lake\0at dawn"));
            Refused(typeof(ArgumentException), "prompt", () => client.Submit(new Native.volcv_pixels(), request, "\0"));
            Refused(typeof(ArgumentException), "link", () => client.Download("https://x\0y"));
        }
        Console.WriteLine("ok");
    }
}
"#;
    let file = folder.join("Misuse.cs");
    std::fs::write(&file, source).unwrap();
    let exe = with_binding(&folder.join("misuse.exe"), &file);
    assert_eq!(ran(&mut mono(&exe, &emulator(&[]))), "ok\n");
}

#[test]
fn the_binding_for_unity_fetches_links_and_takes_rejected_pictures() {
    let folder = fresh_folder("unity-links");
    let source = r#"using System;
using System.IO;
using Volcv;
public static class Links
{
    private static Native.volcv_event End(Client client)
    {
        Native.volcv_event next;
        while (!client.Poll(out next)) client.Wait(16);
        return next;
    }

    private static void Check(bool so, string what)
    {
        if (!so) throw new Exception(what);
    }

    public static void Main(string[] photo)
    {
        var url = Environment.GetEnvironmentVariable("VOLCV_BASE_URL");
        using (var client = new Client(url, Environment.GetEnvironmentVariable("VOLCV_API_KEY")))
        {
            var request = new Native.volcv_outpaint { left = 0.5, flags = Native.VOLCV_OUTPAINT_RETURN_LINK };
            var job = client.Submit(File.ReadAllBytes(photo[0]), request);
            Check(End(client).result == Native.VOLCV_OK && client.Link(job, 1) == null, "a link");
            var file = client.Download(client.Link(job, 0), 7);
            Check(End(client).user == 7 && client.Error(file).code == Native.VOLCV_OK, "a download");
            uint width, height;
            Check(client.Image(file, 0, out width, out height) != null && width == 1440 && height == 640, "a picture");
            Check(client.TakeRejected(file, 0) == null, "no rejected picture");
            request.flags = 0;
            job = client.Submit(File.ReadAllBytes(photo[0]), request);
            Check(End(client).result == Native.VOLCV_E_DECODE, "a cut picture");
            var half = client.TakeRejected(job, 0);
            Check(half.Length > 1000 && half[1] == 'P' && client.TakeRejected(job, 0) == null, "half of it");
        }
        Console.WriteLine("ok");
    }
}
"#;
    let file = folder.join("Links.cs");
    std::fs::write(&file, source).unwrap();
    let exe = with_binding(&folder.join("links.exe"), &file);
    let emulator = emulator(&["ok", "ok", "body=cut-picture"]);
    assert_eq!(ran(mono(&exe, &emulator).arg(PHOTO)), "ok\n");
}

#[test]
fn the_binding_for_unity_takes_and_gives_textures() {
    let folder = fresh_folder("unity-textures");
    let source = r#"using System;
using Volcv;
public static unsafe class Textures
{
    private static void Check(bool so, string what)
    {
        if (!so) throw new Exception(what);
    }

    public static void Main()
    {
        var url = Environment.GetEnvironmentVariable("VOLCV_BASE_URL");
        using (var client = new Client(url, Environment.GetEnvironmentVariable("VOLCV_API_KEY")))
        {
            var texture = new byte[64 * 48 * 4];
            for (var i = 0; i < texture.Length; ++i) texture[i] = i % 4 == 3 ? (byte)255 : (byte)(i * 7 / 5);
            var request = new Native.volcv_outpaint { left = 8, top = 16, mode = Native.VOLCV_MODE_PIXELS };
            var plan = Client.Plan(request, 64, 48);
            Check(plan.result_width == 72 && plan.result_height == 64 && plan.original_y == 16, "a plan");
            ulong job;
            fixed (byte* data = texture)
                job = client.Submit(Client.Pixels(data, texture.Length, 64, 48, Native.VOLCV_PIXEL_RGBA8), request);
            Native.volcv_event ended;
            while (!client.Poll(out ended)) client.Wait(16);
            Check(ended.job == job && ended.result == Native.VOLCV_OK, Client.Message(client.Error(job)));
            var info = client.PixelsInfo(job);
            Check(info.width == 72 && info.height == 64 && info.exact == 1, "pixels");
            var grown = new byte[72 * 64 * 4];
            fixed (byte* data = grown)
            {
                var room = Client.Pixels(data, grown.Length, 72, 64, Native.VOLCV_PIXEL_RGBA8);
                Check(client.CopyPixels(job, room), "a copy");
                room.height = 63;
                Check(!client.CopyPixels(job, room), "a size");
            }
            // The bottom row is the first: rows that were added above come last.
            for (var y = 0; y < 48; ++y)
                for (var i = 0; i < 64 * 4; ++i)
                    Check(grown[y * 72 * 4 + 8 * 4 + i] == texture[y * 64 * 4 + i], "a byte has changed");
            Check(client.PixelsInfo(job + 1).width == 0, "no job");
        }
        Console.WriteLine("ok");
    }
}
"#;
    let file = folder.join("Textures.cs");
    std::fs::write(&file, source).unwrap();
    let exe = with_binding(&folder.join("textures.exe"), &file);
    assert_eq!(ran(&mut mono(&exe, &emulator(&[]))), "ok\n");
}

#[test]
fn the_example_of_tasks_for_unity_erases_and_resumes_a_task() {
    let folder = fresh_folder("unity-tasks-example");
    let exe = with_binding(&folder.join("tasks.exe"), &root().join("examples/unity/Tasks.cs"));
    let (mask, task, out) = (folder.join("mask.png"), folder.join("wide.task"), folder.join("out.png"));
    std::fs::write(&mask, crate::support::mask(960, 640)).unwrap();
    let emulator = emulator(&[]);
    let said = ran(mono(&exe, &emulator).arg("erase").arg(PHOTO).arg(&mask).arg(&out));
    assert_eq!(said, format!("{}: 960x640\n", out.display()));
    let widen = |emulator| {
        let mut command = mono(&exe, emulator);
        command.arg("widen").arg(PHOTO).arg(&task).arg(&out);
        command
    };
    // The picture cannot be written: the file of the task stays, and the next run hands nothing in.
    std::fs::remove_file(&out).unwrap();
    std::fs::create_dir(&out).unwrap();
    failed(&mut widen(&emulator));
    std::fs::remove_dir(&out).unwrap();
    assert_eq!(ran(&mut widen(&emulator)), format!("{}: 1440x640\n", out.display()));
    assert_eq!((emulator.submits(), task.exists()), (1, false));
}

#[test]
fn the_binding_for_unity_inpaints_and_resumes_tasks_on_direct_access() {
    let folder = fresh_folder("unity-tasks");
    let source = r#"using System;
using System.IO;
using Volcv;
public static class Tasks
{
    private static void Check(bool so, string what)
    {
        if (!so) throw new Exception(what);
    }

    private static ulong End(Client client, ulong job)
    {
        Native.volcv_event ended;
        while (!client.Poll(out ended)) client.Wait(16);
        Check(ended.job == job && ended.result == Native.VOLCV_OK, Client.Message(client.Error(job)));
        return job;
    }

    private static Client Open()
    {
        var key = Environment.GetEnvironmentVariable("VOLC_ACCESSKEY");
        var secret = Environment.GetEnvironmentVariable("VOLC_SECRETKEY");
        return Client.Direct(key, secret, baseUrl: Environment.GetEnvironmentVariable("VOLCV_BASE_URL"));
    }

    public static void Main(string[] photo)
    {
        var picture = File.ReadAllBytes(photo[0]);
        uint width, height;
        string task;
        using (var client = Open())
        {
            var erase = new Native.volcv_inpaint { ability = Native.VOLCV_INPAINT_ERASE };
            var job = End(client, client.Inpaint(picture, picture, erase));
            Check(client.Image(job, 0, out width, out height) != null && client.Task(job) == null, "an erase");
            var edit = new Native.volcv_inpaint { ability = Native.VOLCV_PAINTING_EDIT };
            job = End(client, client.SubmitTask(picture, picture, edit, "a kite"));
            Check(client.Task(job).Contains("jimeng_img2img_seed3_painting_edit"), "a task");
            var request = new Native.volcv_outpaint { left = 0.5, flags = Native.VOLCV_OUTPAINT_RETURN_LINK };
            task = client.Task(End(client, client.SubmitTask(picture, request)));
        }
        using (var client = Open())
        {
            var job = End(client, client.AskTask(task));
            Check(client.TaskStatus(job) == Native.VOLCV_TASK_DONE && client.Task(job) == task, "a status");
            job = End(client, client.WaitTask(task, 5));
            Check(client.Image(job, 0, out width, out height) != null && width == 1440, "a picture");
            client.Release(client.CancelTask(task));
            try { client.WaitTask("no task"); }
            catch (VolcvException error)
            {
                Check(error.Result == Native.VOLCV_E_INVALID_INPUT, "a refusal");
                Console.WriteLine("ok");
            }
        }
    }
}
"#;
    let file = folder.join("Tasks.cs");
    std::fs::write(&file, source).unwrap();
    let exe = with_binding(&folder.join("tasks.exe"), &file);
    assert_eq!(ran(mono(&exe, &emulator(&[])).arg(PHOTO)), "ok\n");
}

#[test]
fn the_binding_for_unity_has_every_struct_constant_and_function_of_the_header() {
    use std::fmt::Write as _;
    let folder = fresh_folder("unity-layout");
    let header = Header::read();
    let mut source = String::from("#include <stddef.h>\n#include <stdio.h>\n#include <volcv.h>\nint main(void)\n{\n");
    for it in header.structs() {
        let name = &it.name;
        writeln!(source, "    printf(\"{name} %zu\\n\", sizeof({name}));").unwrap();
        for field in it.fields {
            let field = field.name;
            writeln!(source, "    printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));").unwrap();
        }
    }
    let text = std::fs::read_to_string(root().join("include/volcv.h")).unwrap();
    let defines = text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(" ("));
    for (name, _) in defines.filter(|(name, _)| !name.starts_with("VOLCV_VERSION")) {
        writeln!(source, "    printf(\"{name} %lld\\n\", (long long){name});").unwrap();
    }
    source.push_str("    return 0;\n}\n");
    let (file, program) = (folder.join("layout.c"), folder.join("layout"));
    std::fs::write(&file, source).unwrap();
    ran(Command::new("gcc").args(STRICT).arg("-I").arg(root().join("include")).arg(&file).arg("-o").arg(&program));

    let said_c = ran(&mut Command::new(program));
    let functions = header.functions().into_iter().map(|function| format!("{}()", function.name));
    let of_c: BTreeSet<String> = said_c.lines().map(str::to_owned).chain(functions).collect();
    let said_cs = ran(mono(&csharp(&folder), &emulator(&[])).arg("layout"));
    let of_cs: BTreeSet<String> = said_cs.lines().map(str::to_owned).collect();
    let odd: Vec<_> = of_c.symmetric_difference(&of_cs).collect();
    assert!(odd.is_empty(), "only in one of C and C#: {odd:#?}");
    assert!(of_c.len() > 200, "{} facts", of_c.len());
}
