/* The floor under every nameserver: sends each datagram back with QR set, and looks at
 * nothing else in it. Batched system calls, one SO_REUSEPORT socket for each thread.
 *
 *     echo PORT THREADS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, OCTETS = 4096, HEADER = 12, MOST_THREADS = 64, QR = 0x80 };

static int listen_on(unsigned short port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1, descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (descriptor < 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0 ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("echo");
        exit(1);
    }
    return descriptor;
}

static void *serve(void *argument) {
    static _Thread_local unsigned char octets[BATCH][OCTETS];
    static _Thread_local struct sockaddr_in askers[BATCH];
    static _Thread_local struct iovec vectors[BATCH];
    static _Thread_local struct mmsghdr asked[BATCH], answers[BATCH];
    int descriptor = *(int *)argument;

    for (int i = 0; i < BATCH; i++) {
        vectors[i].iov_base = octets[i];
        asked[i].msg_hdr.msg_name = &askers[i];
        asked[i].msg_hdr.msg_iov = &vectors[i];
        asked[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            vectors[i].iov_len = OCTETS;
            asked[i].msg_hdr.msg_namelen = sizeof askers[i];
        }
        int count = recvmmsg(descriptor, asked, BATCH, MSG_WAITFORONE, NULL);
        int kept = 0;
        for (int i = 0; i < count; i++) {
            /* What is no query gets no answer. */
            if (asked[i].msg_len < HEADER || (octets[i][2] & QR)) continue;
            octets[i][2] |= QR;
            vectors[i].iov_len = asked[i].msg_len;
            answers[kept++].msg_hdr = asked[i].msg_hdr;
        }
        for (int sent = 0; sent < kept;) {
            int more = sendmmsg(descriptor, answers + sent, kept - sent, 0);
            sent += more > 0 ? more : 1; /* one that cannot be sent is lost */
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    static int descriptors[MOST_THREADS];
    int port = count == 3 ? atoi(arguments[1]) : 0;
    int threads = count == 3 ? atoi(arguments[2]) : 0;
    pthread_t thread;

    if (port < 1 || port > 65535 || threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: echo PORT THREADS\n");
        return 2;
    }
    for (int i = 0; i < threads; i++) descriptors[i] = listen_on((unsigned short)port);
    for (int i = 1; i < threads; i++) {
        if (pthread_create(&thread, NULL, serve, &descriptors[i])) return 1;
    }
    serve(&descriptors[0]);
    return 0;
}
