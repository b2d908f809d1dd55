// Program.cs: uses Volcv.cs without an engine. It outpaints a photo as a game does, polling once a frame. With the
// argument "layout" it prints all of Volcv.Native, for the test that compares Volcv.Native with volcv.h.
//
//     mcs -unsafe Volcv.cs Program.cs -out:outpaint.exe
//     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... mono outpaint.exe photo.jpg wide.png

using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using Volcv;

public static class Program
{
    public static int Main(string[] args)
    {
        if (args.Length == 1 && args[0] == "layout")
        {
            PrintLayout();
            return 0;
        }
        if (args.Length != 2)
        {
            Console.Error.WriteLine("usage: outpaint.exe PHOTO RESULT");
            return 1;
        }
        try
        {
            return Outpaint(args[0], args[1]);
        }
        catch (VolcvException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static int Outpaint(string photo, string path)
    {
        var url = Environment.GetEnvironmentVariable("VOLCV_BASE_URL");
        var key = Environment.GetEnvironmentVariable("VOLCV_API_KEY");
        using (var client = new Client(url, key))
        {
            var request = new Native.volcv_outpaint { left = 0.5, right = 0.5 };
            var job = client.Submit(File.ReadAllBytes(photo), request, "a lake between mountains at dawn");
            for (var frame = 0; ; ++frame)
            {
                Native.volcv_event next;
                while (client.Poll(out next))
                {
                    if (next.type == Native.VOLCV_EVENT_DONE && next.job == job) return Finish(client, next, path);
                }
                client.Wait(16); // Stands for the 16 ms in which a game draws and waits for the display.
            }
        }
    }

    private static int Finish(Client client, Native.volcv_event done, string path)
    {
        if (done.result != Native.VOLCV_OK)
        {
            Console.Error.WriteLine(Client.Message(client.Error(done.job)));
            return 1;
        }
        uint width, height;
        File.WriteAllBytes(path, client.Image(done.job, 0, out width, out height));
        Console.WriteLine("{0}: {1}x{2}, sent {3} bytes", path, width, height, client.Progress(done.job).sent);
        client.Release(done.job);
        return 0;
    }

    private static void PrintLayout()
    {
        foreach (var type in typeof(Native).GetNestedTypes())
        {
            Console.WriteLine("{0} {1}", type.Name, Marshal.SizeOf(type));
            foreach (var field in type.GetFields())
                Console.WriteLine("{0}.{1} {2}", type.Name, field.Name, Marshal.OffsetOf(type, field.Name));
        }
        foreach (var field in typeof(Native).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            if (field.Name.StartsWith("VOLCV_")) Console.WriteLine("{0} {1}", field.Name, field.GetRawConstantValue());
        }
        foreach (var method in typeof(Native).GetMethods(BindingFlags.Public | BindingFlags.Static))
        {
            Marshal.Prelink(method); // Fails if the library has no such function.
            Console.WriteLine("{0}()", method.Name);
        }
    }
}
