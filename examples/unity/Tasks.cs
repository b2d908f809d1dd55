// Tasks.cs: uses Volcv.cs without an engine. With an access key, it erases what a mask covers, and hands a photo in as a task that
// outlives the program: when it is started again, it waits for the task in the file TASK and pays for nothing.
//
//     mcs -unsafe Volcv.cs Tasks.cs -out:tasks.exe
//     VOLC_ACCESSKEY=... VOLC_SECRETKEY=... mono tasks.exe erase photo.jpg mask.png erased.png
//     VOLC_ACCESSKEY=... VOLC_SECRETKEY=... mono tasks.exe widen photo.jpg wide.task wide.png

using System;
using System.IO;
using Volcv;

public static class Tasks
{
    public static int Main(string[] args)
    {
        if (args.Length != 4 || (args[0] != "erase" && args[0] != "widen"))
        {
            Console.Error.WriteLine("usage: tasks.exe erase PHOTO MASK RESULT | widen PHOTO TASK RESULT");
            return 1;
        }
        try
        {
            using (var client = Open())
            {
                var job = args[0] == "erase" ? Erase(client, args[1], args[2]) : Widen(client, args[1], args[2]);
                uint width, height;
                File.WriteAllBytes(args[3], client.Image(End(client, job), 0, out width, out height));
                Console.WriteLine("{0}: {1}x{2}", args[3], width, height);
                if (args[0] == "widen") File.Delete(args[2]); // Its picture is saved now.
            }
            return 0;
        }
        catch (VolcvException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static Client Open()
    {
        var key = Environment.GetEnvironmentVariable("VOLC_ACCESSKEY");
        var secret = Environment.GetEnvironmentVariable("VOLC_SECRETKEY");
        return Client.Direct(key, secret, baseUrl: Environment.GetEnvironmentVariable("VOLCV_BASE_URL"));
    }

    private static ulong Erase(Client client, string photo, string mask)
    {
        var request = new Native.volcv_inpaint { ability = Native.VOLCV_INPAINT_ERASE };
        return client.Inpaint(File.ReadAllBytes(photo), File.ReadAllBytes(mask), request);
    }

    private static ulong Widen(Client client, string photo, string file)
    {
        if (!File.Exists(file))
        {
            var request = new Native.volcv_outpaint { left = 0.5 };
            var job = End(client, client.SubmitTask(File.ReadAllBytes(photo), request));
            File.WriteAllText(file, client.Task(job)); // Before anything else: the task is as good as paid for.
            client.Release(job);
        }
        return client.WaitTask(File.ReadAllText(file));
    }

    private static ulong End(Client client, ulong job)
    {
        Native.volcv_event next;
        while (!client.Poll(out next) || next.job != job) client.Wait(16); // A game polls once a frame.
        if (next.result != Native.VOLCV_OK) throw new VolcvException(client.Error(job));
        return job;
    }
}
