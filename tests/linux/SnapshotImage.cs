using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;

namespace Tests.Linux;

/// <summary>An empty disk image in QEMU's own format (qcow2, version 2), which can hold snapshots; deleted in the end.</summary>
internal sealed class SnapshotImage : IDisposable
{
    private const int ClusterBits = 16;
    private const int ClusterSize = 1 << ClusterBits;
    private const ulong DiskSize = 1 << 20;

    /// <summary>Clusters: the header, the table of reference counts, its only block, the table of the disk's data.</summary>
    private const int Header = 0, CountTable = 1, Counts = 2, DataTable = 3, Clusters = 4;

    public SnapshotImage()
    {
        byte[] image = new byte[Clusters * ClusterSize];
        Span<byte> header = image.AsSpan(Header * ClusterSize);
        Encoding.Latin1.GetBytes("QFI\u00fb", header);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], DiskSize);
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], 1); // entries of the data's table
        BinaryPrimitives.WriteUInt64BigEndian(header[40..], DataTable * ClusterSize);
        BinaryPrimitives.WriteUInt64BigEndian(header[48..], CountTable * ClusterSize);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1); // clusters of the table of counts
        BinaryPrimitives.WriteUInt64BigEndian(image.AsSpan(CountTable * ClusterSize), Counts * ClusterSize);
        for (int i = 0; i < Clusters; i++)
            BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan((Counts * ClusterSize) + (i * sizeof(ushort))), 1);
        File.WriteAllBytes(Path, image);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName() + ".qcow2");

    /// <summary>Puts it into a guest that does not see it.</summary>
    public string[] QemuArguments => ["-drive", $"if=none,id=snapshots,format=qcow2,file={Path}"];

    public void Dispose() => File.Delete(Path);
}
