using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

/// <summary>What Json.NET writes for an object: `mono Writer.exe IN OUT`.</summary>
public static class Writer
{
    public class Event
    {
        public Guid id;
        public DateTime occurred;
        public string @event;
        public Dictionary<string, string> resource;
        public List<Dictionary<string, string>> related;
        public JObject payload;
        public Guid? follows;
    }


    public static void Main(string[] words)
    {
        var settings = new JsonSerializerSettings { DateTimeZoneHandling = DateTimeZoneHandling.Utc };
        // What looks like a time within a payload stays text.
        var reader = new JsonTextReader(new StreamReader(words[0])) { DateParseHandling = DateParseHandling.None };
        var texts = JArray.Load(reader).Select(made =>
        {
            var fields = (JObject)made["event"];
            var sent = new Event
            {
                id = Guid.Parse((string)fields["id"]),
                occurred = DateTime.Parse((string)fields["occurred"]).ToUniversalTime(),
                @event = (string)fields["event"],
                resource = fields["resource"].ToObject<Dictionary<string, string>>(),
                related = fields["related"].ToObject<List<Dictionary<string, string>>>(),
                payload = (JObject)fields["payload"],
                follows = fields["follows"].ToObject<Guid?>(),
            };
            return JsonConvert.SerializeObject(sent, settings);
        });
        File.WriteAllText(words[1], string.Join("\0", texts));
    }
}
