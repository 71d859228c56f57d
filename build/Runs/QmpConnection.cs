using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using Build.Cli;

namespace Build.Runs;

/// <summary>QEMU's monitor, by its machine protocol (QMP) over a Unix socket. For one thread.</summary>
public sealed class QmpConnection : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private QmpConnection(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true) { ReadTimeout = (int)_patience.TotalMilliseconds };
        _reader = new StreamReader(_stream, Encoding.UTF8);
        _reader.ReadLine(); // the greeting
        Execute("qmp_capabilities", []);
    }

    /// <summary>Connects to a QEMU that has just been started.</summary>
    public static QmpConnection Open(string path)
    {
        DateTime end = DateTime.UtcNow + _patience;
        while (true)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return new QmpConnection(socket);
            }
            catch (SocketException) when (DateTime.UtcNow < end)
            {
                socket.Dispose();
                Thread.Sleep(_pause);
            }
        }
    }

    /// <summary>A command as a person types it in the monitor, when it is done; returns what the monitor prints.</summary>
    public string Command(string line) =>
        Execute("human-monitor-command", new JsonObject { ["command-line"] = line })?.GetValue<string>() ?? "";

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private JsonNode? Execute(string command, JsonObject arguments)
    {
        JsonObject request = new() { ["execute"] = command, ["arguments"] = arguments };
        _stream.Write(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
        while (_reader.ReadLine() is { } line)
        {
            JsonNode? answer = JsonNode.Parse(line);
            if (answer?["error"] is { } error)
                throw new BuildException($"QEMU's monitor refuses {request.ToJsonString()}: {error.ToJsonString()}");
            if (answer?["return"] is { } value)
                return value is JsonValue ? value : null;
        }

        throw new BuildException($"QEMU has ended in the middle of {request.ToJsonString()}");
    }
}
