import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What Jackson writes for a record with an Instant: `java Writer seconds|iso IN OUT`. */
public class Writer {
    record Event(String event, Instant occurred, Map<String, String> resource, List<Map<String, String>> related,
            Map<String, Object> payload, UUID id, UUID follows) {
    }

    public static void main(String[] words) throws Exception {
        // By default an Instant is a number of seconds; Spring Boot switches that off.
        ObjectMapper mapper = new ObjectMapper().registerModule(new JavaTimeModule())
                .configure(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, words[0].equals("seconds"));
        ByteArrayOutputStream texts = new ByteArrayOutputStream();
        for (JsonNode made : mapper.readTree(Files.readAllBytes(Path.of(words[1])))) {
            if (texts.size() > 0) texts.write(0);
            texts.write(mapper.writeValueAsBytes(mapper.treeToValue(made.get("event"), Event.class)));
        }
        Files.write(Path.of(words[2]), texts.toByteArray());
    }
}
